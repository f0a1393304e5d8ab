/* Frames and detections: the records that Vedette's stages exchange on the bus, with their bytes and their checks.
 * "<camera>/frames" carries a vd_frame_info and the picture's planes, "<camera>/detections" a vd_detections_info and its boxes;
 * both in host byte order (little endian), every offset in docs/memory_layout.md. Bytes out of shared memory are another
 * program's: the functions here copy them first and check the copy. All functions: any thread. */
#ifndef VEDETTE_FRAME_H
#define VEDETTE_FRAME_H

#include <vedette/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VD_FRAME_SCHEMA UINT64_C(0x564446520001)
#define VD_DETECTIONS_SCHEMA UINT64_C(0x564444540001)
#define VD_MAX_DETECTIONS 300 /* in one record */
#define VD_MAX_SIDE 16384     /* of a picture, pixels */

enum { VD_I420 = 1, VD_NV12 = 2, VD_YUYV = 3, VD_GRAY8 = 4, VD_RGB24 = 5, VD_BGR24 = 6 }; /* pixel format */
enum { VD_BT601 = 0, VD_BT709 = 1 };                                                      /* colour matrix */
enum { VD_LIMITED_RANGE = 0, VD_FULL_RANGE = 1 };
enum { VD_STANDBY = 0, VD_VALIDATION = 1, VD_TRACKING = 2 }; /* sentry mode */

/* W3C trace context: who caused this frame's processing. All 0: nobody asks. */
typedef struct vd_trace {
  uint64_t trace_id_high;
  uint64_t trace_id_low;
  uint64_t span_id;
  uint64_t flags;
} vd_trace;

/* In front of every picture. 160 bytes; the pixels begin at byte 256 or later. */
typedef struct vd_frame_info {
  uint64_t frame_id;
  uint64_t captured_at_ns;
  uint64_t published_at_ns;
  uint64_t wall_at_ns; /* of the capture, Unix epoch */
  vd_trace trace;
  uint32_t width; /* of this picture, pixels */
  uint32_t height;
  uint32_t source_width; /* of the camera's own picture; larger when decoded at scale */
  uint32_t source_height;
  uint32_t plane_offset[4]; /* bytes from the start of the record */
  uint32_t plane_stride[4]; /* bytes from row to row; 0: no such plane */
  char camera[32];          /* NUL-padded */
  uint8_t format;           /* VD_I420, ... */
  uint8_t matrix;           /* VD_BT601, ...; of no meaning for RGB24 and BGR24 */
  uint8_t range;
  uint8_t memory; /* 0: host */
  uint8_t mode;   /* VD_STANDBY, ... */
  uint8_t reserved[3];
  uint64_t camera_wall_at_ns; /* of the capture by the camera's own clock, Unix epoch; 0: it doesn't say */
} vd_frame_info;

/* One plane: `rows` rows of `row_bytes`, `stride` apart. I420: Y, U, V; NV12: Y, UV pairs; the others have one. */
typedef struct vd_plane {
  const uint8_t* data;
  uint32_t stride;
  uint32_t row_bytes;
  uint32_t rows;
  uint32_t reserved;
} vd_plane;

/* A checked copy of a frame's record, and where its pixels lie: as valid as the record it was made from. */
typedef struct vd_frame {
  vd_frame_info info;
  uint32_t plane_count;
  uint32_t reserved;
  vd_plane planes[4];
} vd_frame;

/* Reads a taken record of a frames topic. Every plane of the result lies inside the record; VD_CORRUPT, with what is wrong, else.
 */
VD_API VD_CHECKED vd_status vd_frame_read(const vd_record* record, vd_frame* frame);
/* Is this a sane frame whose planes lie within a record of `record_bytes`? Else VD_CORRUPT with the reason. */
VD_API VD_CHECKED vd_status vd_frame_check(const vd_frame_info* info, uint64_t record_bytes);

/* How a picture is laid out in a slot: what vd_frame_info_init() says. */
typedef struct vd_layout {
  uint64_t slot_bytes; /* what a slot must hold, and the record's bytes */
  uint32_t plane_count;
  uint32_t offset[4]; /* bytes from the start of the slot */
  uint32_t stride[4]; /* bytes from row to row, multiples of 64 */
  uint32_t row_bytes[4];
  uint32_t rows[4];
  uint32_t reserved[5];
} vd_layout;

/* Sides 1 to VD_MAX_SIDE; odd ones round the chroma up. */
VD_API VD_CHECKED vd_status vd_frame_layout(uint32_t format, uint32_t width, uint32_t height, vd_layout* layout);
/* A record of a picture laid out by vd_frame_layout(), captured now. `camera`: at most 31 bytes are kept. */
VD_API VD_CHECKED vd_status vd_frame_info_init(vd_frame_info* info, uint32_t format, uint32_t width, uint32_t height,
                                               const char* camera);
/* Checks `info` against the slot, gives it a frame id (the topic's next, if it is 0) and the time of publishing, writes it in
 * front of the pixels that you have written, and publishes. As vd_publish() else. */
VD_API VD_CHECKED vd_status vd_publish_frame(vd_writer* writer, vd_slot* slot, vd_frame_info* info);

/* One object on a frame: top left corner and size, relative to the source picture (0..1). 24 bytes. */
typedef struct vd_detection {
  float x;
  float y;
  float width;
  float height;
  float score;       /* 0..1 */
  uint16_t class_id; /* index into the topic's metadata, one class name a line */
  uint16_t reserved;
} vd_detection;

/* In front of a record's boxes. 80 bytes. */
typedef struct vd_detections_info {
  uint64_t frame_id;       /* the frame these belong to; publish them under the same id */
  uint64_t captured_at_ns; /* copied from the frame */
  uint64_t published_at_ns;
  uint64_t inference_ns; /* spent on this frame */
  vd_trace trace;        /* copied from the frame */
  uint32_t count;
  uint32_t source_width; /* copied from the frame */
  uint32_t source_height;
  uint32_t camera_clock_ms; /* low 32 bits of the frame's camera_wall_at_ns in milliseconds; 0: unknown */
} vd_detections_info;

/* Bytes of a record with `count` boxes. */
#define VD_DETECTIONS_BYTES(count) (sizeof(vd_detections_info) + (count) * sizeof(vd_detection))

/* Writes `info`, its count set, and `count` boxes (NULL if 0) to the slot; their bytes go to `bytes`, for vd_publish().
 * VD_INVALID_ARGUMENT for a box outside [0, 1], more than VD_MAX_DETECTIONS, or more than the slot holds. */
VD_API VD_CHECKED vd_status vd_detections_write(const vd_slot* slot, const vd_detections_info* info, const vd_detection* boxes,
                                                uint32_t count, uint64_t* bytes);
/* Copies a taken record's info and boxes out and checks them: VD_CORRUPT, with the reason, if the count doesn't fit or a number
 * isn't within [0, 1]. `boxes` has room for `capacity`; VD_INVALID_ARGUMENT if there are more (info->count says how many). */
VD_API VD_CHECKED vd_status vd_detections_read(const vd_record* record, vd_detections_info* info, vd_detection* boxes,
                                               uint32_t capacity);

#ifdef __cplusplus
}
#endif

#endif /* VEDETTE_FRAME_H */
