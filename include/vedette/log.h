/* Logs in C: topics that are a circular log of records of any length, with history, copied out: "<camera>/packets" is one, the
 * camera's own bitstream. Results, errors, threads and growth are those of <vedette/bus.h>; a reader belongs to one thread at a
 * time.
 *
 * The writer waits for nobody: old records are written over. A reader that was too slow is told how many it missed and goes on at
 * the oldest keyframe that is left. A record that was taken is whole. If the writer dies, its successor goes on in the same log;
 * if the log is replaced (another size), the reader takes what is left of the old one, then attaches to the new one. */
#ifndef VEDETTE_LOG_H
#define VEDETTE_LOG_H

#include <vedette/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vd_log_reader vd_log_reader;

enum {
  VD_LOG_NEXT = 0,            /* only what is appended from now on */
  VD_LOG_NEWEST_KEYFRAME = 1, /* from the newest keyframe on, so that decoding can begin at once */
  VD_LOG_OLDEST_KEYFRAME = 2  /* from the oldest keyframe there is; without one from the oldest record */
};

typedef struct vd_log_reader_options {
  uint32_t size;
  uint32_t from;      /* VD_LOG_..., at each attachment */
  uint64_t schema_id; /* what you can read; VD_ANY_SCHEMA: look at vd_log_reader_about() yourself */
  vd_demand demand;
} vd_log_reader_options;

/* Any schema, packets, from the newest keyframe. */
static inline vd_log_reader_options vd_log_reader_options_default(void) {
  vd_log_reader_options options;
  options.size = sizeof(vd_log_reader_options);
  options.from = VD_LOG_NEWEST_KEYFRAME;
  options.schema_id = VD_ANY_SCHEMA;
  options.demand.wants = VD_WANT_PACKETS;
  options.demand.fps = 0.0f;
  options.demand.width = 0;
  options.demand.height = 0;
  return options;
}

/* A record that was taken: what is in the log about it. */
typedef struct vd_log_record {
  uint64_t bytes;
  uint64_t frame_id;
  uint64_t at_ns;    /* of what is in it */
  uint64_t sequence; /* 1, 2, 3, ... in order of appending */
  uint64_t missed;   /* written over, or skipped to the next keyframe, since the one taken before */
  uint32_t keyframe; /* 1: a reader may begin here */
  uint32_t reserved[5];
} vd_log_record;

/* As vd_reader_open(); a topic that is no log is VD_INCOMPATIBLE. */
VD_API VD_CHECKED vd_status vd_log_reader_open(vd_bus* bus, const char* topic, const vd_log_reader_options* options,
                                               vd_log_reader** reader);
/* NULL is ignored. */
VD_API void vd_log_reader_close(vd_log_reader* reader);

/* Copies the next record to `buffer`, which has room for `capacity` bytes. VD_NOTHING; VD_TOO_SMALL if the record is longer: then
 * record->bytes says how long it is, and the next call gets it (a capacity of 0 asks for that alone; `buffer` may be NULL then).
 * Longest: vd_log_reader_about(). Whenever neither VD_OK nor VD_TOO_SMALL is returned, `record` is all 0. */
VD_API VD_CHECKED vd_status vd_log_reader_take_next(vd_log_reader* reader, void* buffer, uint64_t capacity,
                                                    vd_log_record* record);

/* Where the next take goes on. VD_NOTHING while there is no such topic. */
VD_API VD_CHECKED vd_status vd_log_reader_seek(vd_log_reader* reader, uint32_t from);
/* The newest keyframe not after `at_ns`, or the oldest there is. VD_NOTHING, nothing changes: there is none. */
VD_API VD_CHECKED vd_status vd_log_reader_seek_time(vd_log_reader* reader, uint64_t at_ns);
/* The first record of this frame. VD_NOTHING, nothing changes: it isn't there (any more). */
VD_API VD_CHECKED vd_status vd_log_reader_seek_frame(vd_log_reader* reader, uint64_t frame_id);

/* As vd_wait(): VD_OK as soon as there is something to take. */
VD_API vd_status vd_log_reader_wait(vd_log_reader* reader, int64_t timeout_ns);
/* The same for any of `reader_count` readers of rings and `log_count` readers of logs, all used by this thread. */
VD_API vd_status vd_log_wait_any(vd_reader* const* readers, size_t reader_count, vd_log_reader* const* logs, size_t log_count,
                                 int64_t timeout_ns);
/* As vd_reader_set_wait(). */
VD_API VD_CHECKED vd_status vd_log_reader_set_wait(vd_log_reader* reader, uint32_t policy, int64_t spin_ns);
VD_API VD_CHECKED vd_status vd_log_reader_set_demand(vd_log_reader* reader, const vd_demand* demand);
/* VD_NOT_FOUND while there is no such topic. */
VD_API VD_CHECKED vd_status vd_log_reader_stats(vd_log_reader* reader, vd_stats* stats);

typedef struct vd_log_info {
  uint64_t schema_id;
  uint64_t max_record_bytes;
  uint64_t records;      /* that it holds now */
  uint64_t bytes;        /* of them */
  uint64_t oldest_at_ns; /* of its oldest keyframe; 0: none */
  uint64_t newest_at_ns; /* of its newest record; 0: none */
  const char* metadata;  /* NUL-terminated copy; valid until this reader's next vd_log_reader_about() or close */
  uint32_t metadata_bytes;
  uint32_t reserved[7];
} vd_log_info;

/* What the log is and holds. VD_NOT_FOUND while it doesn't exist. */
VD_API VD_CHECKED vd_status vd_log_reader_about(vd_log_reader* reader, vd_log_info* about);

/* ---- Packets: the records of "<camera>/packets". Any thread. */

#define VD_PACKETS_SCHEMA UINT64_C(0x5644504B0001)

enum { VD_MJPEG = 1, VD_H264 = 2, VD_H265 = 3, VD_AAC = 32, VD_PCMU = 33, VD_PCMA = 34, VD_OPUS = 35, VD_MP3 = 36, VD_G722 = 37 };

/* In front of every packet. 120 bytes. Video is one picture: a JPEG file, or an H.264/H.265 access unit in Annex B form. */
typedef struct vd_packet_info {
  uint64_t frame_id;       /* of the picture, as in <camera>/frames; audio: of the picture before it */
  uint64_t captured_at_ns; /* in order of showing, so not always in order of packets */
  uint64_t published_at_ns;
  uint64_t wall_at_ns;        /* of the capture, Unix epoch */
  uint64_t camera_wall_at_ns; /* the same by the camera's own clock; 0: it doesn't say */
  vd_trace trace;
  int64_t pts_ns; /* the source's own clock; the same for all packets of a stream and its audio */
  int64_t dts_ns;
  uint32_t duration_ns; /* 0: unknown */
  uint32_t width;       /* pixels; audio: 0 */
  uint32_t height;
  uint32_t sample_rate;  /* audio, Hz; video: 0 */
  uint32_t config_bytes; /* of codec configuration, behind this */
  uint32_t data_bytes;   /* of the packet, behind that */
  uint16_t channels;     /* audio */
  uint8_t codec;         /* VD_MJPEG, ... */
  uint8_t keyframe;      /* 1: can be decoded without any packet before it */
  uint32_t stream;       /* + 1 whenever the camera was opened anew or its configuration changed */
} vd_packet_info;

/* A checked copy of a packet's record, and where its parts lie in the caller's bytes. */
typedef struct vd_packet {
  vd_packet_info info;
  const uint8_t* config; /* NULL: none; parameter sets on keyframes, AAC's AudioSpecificConfig */
  const uint8_t* data;
  uint64_t reserved[2];
} vd_packet;

/* Reads a record of a packets log that was taken to `data`. VD_CORRUPT, with the reason, if it can't be one. */
VD_API VD_CHECKED vd_status vd_packet_read(const void* data, uint64_t bytes, vd_packet* packet);

#ifdef __cplusplus
}
#endif

#endif /* VEDETTE_LOG_H */
