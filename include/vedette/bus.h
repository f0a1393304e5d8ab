/* The bus in C: topics of records in shared memory, read in place. Plain C11; from C++ use it directly or through
 * <vedette/bus.hpp>. Frames and detections, the records that Vedette's own stages exchange: <vedette/frame.h>.
 *
 * A topic "<camera>/<topic>" has one writer and many readers. The writer loans a slot, writes it, publishes it; a reader takes a
 * record, reads it where it lies, releases it. A taken record never changes; publishing waits for nobody. Any process may die at
 * any instruction: the others go on, and a new writer takes the topic over.
 *
 * Results: a vd_status. 0 is success, > 0 is ordinary (nothing new, timed out), < 0 is an error whose sentence vd_last_error()
 * has. Wrong arguments (NULL, a closed handle, a name that is none) are errors too, never a crash.
 *
 * Threads: a vd_bus may be used by any threads at once; a writer or a reader by one thread at a time, but what they gave out may
 * be released on any. Handles are independent of each other and of the order they are closed in. A child of fork() can't use its
 * parent's handles (VD_UNAVAILABLE): it opens its own.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC (vd_now_ns()), the same in all processes of a machine.
 *
 * Signals: the library handles SIGBUS at addresses of its own mappings (somebody truncated a shared file) and passes on the rest.
 *
 * Growth: option structs begin with `size` (their _default() sets it), others have reserved fields, which are 0. */
#ifndef VEDETTE_BUS_H
#define VEDETTE_BUS_H

#include <stddef.h>
#include <stdint.h>

#define VD_API __attribute__((visibility("default")))
#define VD_CHECKED __attribute__((warn_unused_result))

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t vd_status;
enum {
  VD_OK = 0,
  /* ordinary */
  VD_NOTHING = 1, /* nothing newer than what was taken last; or the topic isn't there (yet) */
  VD_TIMEOUT = 2,
  VD_NOT_YET = 3,   /* vd_find: may still come */
  VD_NEVER = 4,     /* vd_find: gone, or was never published: newer ones are there */
  VD_NO_SLOT = 5,   /* vd_loan: every slot is in use */
  VD_TOO_SMALL = 6, /* vd_log_reader_take_next: the record is longer than the buffer */
  /* errors */
  VD_INVALID_ARGUMENT = -1,
  VD_NOT_FOUND = -2,
  VD_BUSY = -3, /* another writer has the topic */
  VD_PERMISSION_DENIED = -4,
  VD_RESOURCE_EXHAUSTED = -5, /* memory, reader entries, this reader's share of leases */
  VD_INCOMPATIBLE = -6,       /* another layout version or schema */
  VD_CORRUPT = -7,            /* bytes that can't be what they claim to be */
  VD_UNAVAILABLE = -8,
  VD_IO = -9
};

#define VD_FOREVER INT64_C(-1)
#define VD_ANY_SCHEMA UINT64_C(0)

/* The sentence of this thread's last error: what, where, what was expected. Valid until this thread's next error; never NULL. */
VD_API const char* vd_last_error(void);
/* "ok", "nothing new", "invalid argument", ... Never NULL. */
VD_API const char* vd_status_text(vd_status status);
/* The library's version, "0.1.0". */
VD_API const char* vd_version(void);
/* CLOCK_MONOTONIC now. */
VD_API uint64_t vd_now_ns(void);

/* ---- The bus directory. Any thread. */

typedef struct vd_bus vd_bus;

/* NULL or "": the default, /dev/shm/vedette for root, /dev/shm/vedette-<uid> else. Created if missing; must be in a tmpfs and not
 * writable by others. */
VD_API VD_CHECKED vd_status vd_bus_open(const char* path, vd_bus** bus);
/* NULL is ignored. Its readers and writers go on. */
VD_API void vd_bus_close(vd_bus* bus);

typedef struct vd_topic {
  char name[64]; /* "cam0/frames", NUL-terminated */
} vd_topic;

/* Writes the names of the first `capacity` topics there are now, sorted, to `topics` (may be NULL if capacity is 0) and how many
 * there are to `count`. */
VD_API VD_CHECKED vd_status vd_bus_topics(vd_bus* bus, vd_topic* topics, size_t capacity, size_t* count);
/* Bytes that new topics can still take (tmpfs and memory cgroup). */
VD_API VD_CHECKED vd_status vd_bus_free_bytes(vd_bus* bus, uint64_t* bytes);

/* ---- Demand: what a reader asks of the topic's writer, which does the most that anybody asks. */

enum { VD_WANT_PIXELS = 1, VD_WANT_PACKETS = 2 };

typedef struct vd_demand {
  uint32_t wants; /* VD_WANT_...; 0: nothing, so a camera may publish nothing */
  float fps;      /* pictures a second in steps of 0.1; 0: every one there is */
  uint32_t width; /* largest picture wanted, at most 65535; 0: the source's own */
  uint32_t height;
} vd_demand;

/* Counters of a topic since it was created, over all its writers. */
typedef struct vd_stats {
  uint64_t published;
  uint64_t dropped;    /* wanted to publish, no free slot */
  uint64_t epoch;      /* how many writers there have been */
  uint64_t beat_at_ns; /* the writer's last sign of life */
  uint64_t frame_id;   /* of the newest record */
  int32_t writer_pid;  /* in the writer's own pid namespace */
  uint32_t reserved[7];
} vd_stats;

/* ---- Writing a topic. One thread at a time, but vd_slot_release(): any thread. */

typedef struct vd_writer vd_writer;

enum {
  VD_LOWEST_FREE = 0, /* pictures: the lowest free slot again, it is in the cache */
  VD_OLDEST_FIRST = 1 /* history: the slot published longest ago */
};

typedef struct vd_writer_options {
  uint32_t size;
  uint32_t policy;          /* VD_LOWEST_FREE or VD_OLDEST_FIRST */
  uint64_t schema_id;       /* what the records are; a number of your own, not 0. Readers of another are refused */
  uint64_t slot_bytes;      /* largest record, 1 to 2^30 */
  uint32_t keep;            /* newest records that aren't reused; annotations want 64, so that vd_find() reaches back */
  uint32_t writer_slots;    /* loans and holds you have out at once */
  uint32_t readers;         /* readers at once, 1 to 256 */
  uint32_t held_per_reader; /* leases a reader may hold at once, 1 to 16 */
  const char* metadata;     /* fixed text for readers, say class names, one a line; at most 4000 bytes. NULL: none */
  uint64_t metadata_bytes;
} vd_writer_options;

/* keep 1, 1 slot, 16 readers of 2 leases, lowest free; schema_id and slot_bytes are yours to set. Memory: slot_bytes (rounded up
 * to 4096 from a page on) times readers * held_per_reader + keep + writer_slots. */
static inline vd_writer_options vd_writer_options_default(void) {
  vd_writer_options options;
  options.size = sizeof(vd_writer_options);
  options.policy = VD_LOWEST_FREE;
  options.schema_id = 0;
  options.slot_bytes = 0;
  options.keep = 1;
  options.writer_slots = 1;
  options.readers = 16;
  options.held_per_reader = 2;
  options.metadata = NULL;
  options.metadata_bytes = 0;
  return options;
}

/* A slot on loan, or held after publishing. Filled by vd_loan(). */
typedef struct vd_slot {
  void* data;     /* 64-byte aligned, page-aligned from a page on */
  uint64_t bytes; /* slot_bytes */
  uint64_t loan;  /* the library's */
  uint64_t reserved;
} vd_slot;

/* Creates the topic, or takes it over from a dead writer and goes on in its files. VD_BUSY while another writer lives;
 * VD_RESOURCE_EXHAUSTED, with the bytes needed, when the memory is too small. */
VD_API VD_CHECKED vd_status vd_writer_open(vd_bus* bus, const char* topic, const vd_writer_options* options, vd_writer** writer);
/* Ends writing; the topic's records stay readable and a successor goes on. Slots still out become invalid. NULL is ignored. */
VD_API void vd_writer_close(vd_writer* writer);
/* Removes the topic's files and closes: readers learn that the topic is gone. */
VD_API vd_status vd_writer_remove(vd_writer* writer);

/* A free slot, or VD_NO_SLOT; never blocks. Who drops a record for want of a slot calls vd_count_drop(). */
VD_API VD_CHECKED vd_status vd_loan(vd_writer* writer, vd_slot* slot);
/* Makes the first `bytes` of the slot visible and wakes who waits; `slot` is emptied, whatever it says: don't touch its memory
 * any more. VD_UNAVAILABLE, counted as a drop: the loan is of before a resize. VD_INVALID_ARGUMENT for more bytes than the slot
 * has, or a loan that isn't one: then nothing changes. */
VD_API VD_CHECKED vd_status vd_publish(vd_writer* writer, vd_slot* slot, uint64_t frame_id, uint64_t bytes);
/* The same, but the slot stays yours to read (a decoder's reference picture) and isn't reused before vd_slot_release(). */
VD_API VD_CHECKED vd_status vd_publish_held(vd_writer* writer, vd_slot* slot, uint64_t frame_id, uint64_t bytes);
/* Gives a loan back unseen, or ends a hold. Any thread. */
VD_API vd_status vd_slot_release(vd_writer* writer, vd_slot* slot);
VD_API vd_status vd_count_drop(vd_writer* writer);

/* The topic's next frame id: start at Unix seconds * 2^20, go on after a take-over. An annotation uses the id of its frame. */
VD_API VD_CHECKED vd_status vd_next_frame_id(vd_writer* writer, uint64_t* frame_id);
/* Sign of life, and clears what dead readers left. Call at least every 250 ms, also while there is nothing to publish. */
VD_API vd_status vd_beat(vd_writer* writer);
/* New slots for larger records: readers attach again. Loans of before can't be published. A failure changes nothing. */
VD_API VD_CHECKED vd_status vd_writer_resize(vd_writer* writer, const vd_writer_options* options);
/* The most that readers ask now. */
VD_API VD_CHECKED vd_status vd_writer_demand(vd_writer* writer, vd_demand* demand);
/* VD_OK as soon as a demand changed since the last call; VD_TIMEOUT. */
VD_API vd_status vd_writer_wait_demand(vd_writer* writer, int64_t timeout_ns);
VD_API VD_CHECKED vd_status vd_writer_stats(vd_writer* writer, vd_stats* stats);

/* ---- Reading a topic. One thread at a time, but vd_release(): any thread. */

typedef struct vd_reader vd_reader;

typedef struct vd_reader_options {
  uint32_t size;
  uint32_t reserved;
  uint64_t schema_id; /* what you can read; VD_ANY_SCHEMA: look at vd_reader_about() yourself */
  vd_demand demand;
} vd_reader_options;

/* Any schema, every picture. */
static inline vd_reader_options vd_reader_options_default(void) {
  vd_reader_options options;
  options.size = sizeof(vd_reader_options);
  options.reserved = 0;
  options.schema_id = VD_ANY_SCHEMA;
  options.demand.wants = VD_WANT_PIXELS;
  options.demand.fps = 0.0f;
  options.demand.width = 0;
  options.demand.height = 0;
  return options;
}

/* A record that was taken. */
typedef struct vd_record {
  const void* data; /* read-only; the bytes don't change before vd_release() */
  uint64_t bytes;
  uint64_t frame_id;
  uint64_t sequence; /* 1, 2, 3, ... in order of publishing */
  uint64_t missed;   /* published between the one taken before (at first: attaching) and this one */
  uint64_t lease;    /* the library's */
  uint64_t reserved[2];
} vd_record;

/* `options` NULL: the defaults. The topic needn't exist yet: the reader attaches when it appears, and again when it is replaced.
 * An error if it is there but can't be read: VD_INCOMPATIBLE (another layout version or schema), VD_RESOURCE_EXHAUSTED (all
 * reader entries are taken), VD_PERMISSION_DENIED, VD_CORRUPT; takes say the same if it comes later. */
VD_API VD_CHECKED vd_status vd_reader_open(vd_bus* bus, const char* topic, const vd_reader_options* options, vd_reader** reader);
/* Releases what is still taken: its memory becomes invalid. NULL is ignored. */
VD_API void vd_reader_close(vd_reader* reader);

/* The newest record if it is newer than the last taken. VD_NOTHING; VD_RESOURCE_EXHAUSTED while this reader holds its share of
 * leases. Whenever a take doesn't return VD_OK, `record` is all 0. */
VD_API VD_CHECKED vd_status vd_take_newest(vd_reader* reader, vd_record* record);
/* The oldest kept one newer than the last taken: every record in order, as far as the topic keeps them. */
VD_API VD_CHECKED vd_status vd_take_next(vd_reader* reader, vd_record* record);
/* The record of this frame id, whatever was taken before. VD_NOT_YET, VD_NEVER. */
VD_API VD_CHECKED vd_status vd_find(vd_reader* reader, uint64_t frame_id, vd_record* record);
/* Ends the lease and empties `record`. Any thread. VD_INVALID_ARGUMENT for one that was released before, or of another reader. */
VD_API vd_status vd_release(vd_reader* reader, vd_record* record);

/* Sleeps until something newer than the last taken is there (VD_OK), or VD_TIMEOUT. 0 only looks; VD_FOREVER. A topic that isn't
 * there is waited for; one that can't be attached to is its error within a second. A signal doesn't end a wait. */
VD_API vd_status vd_wait(vd_reader* reader, int64_t timeout_ns);
/* The same for any of `count` readers, all used by this thread. Which: try to take. */
VD_API vd_status vd_wait_any(vd_reader* const* readers, size_t count, int64_t timeout_ns);

enum {
  VD_WAIT_BLOCK = 0, /* sleeps in the kernel; the writer wakes it, some 20 us later. The default */
  VD_WAIT_SPIN = 1,  /* looks all the time: sees a record within a fraction of a microsecond, keeps a core busy */
  VD_WAIT_HYBRID = 2 /* spins for `spin_ns`, 1 us to 100 ms, then blocks */
};

/* How this reader's waits wait from now on. Call it on the thread that waits: VD_WAIT_SPIN is refused (VD_INVALID_ARGUMENT, with
 * what to do) unless that is pinned to a core of its own. `spin_ns` counts for VD_WAIT_HYBRID only. In a vd_wait_any() the most
 * eager of its readers decides. */
VD_API VD_CHECKED vd_status vd_reader_set_wait(vd_reader* reader, uint32_t policy, int64_t spin_ns);

VD_API VD_CHECKED vd_status vd_reader_set_demand(vd_reader* reader, const vd_demand* demand);
/* VD_NOT_FOUND while there is no such topic. */
VD_API VD_CHECKED vd_status vd_reader_stats(vd_reader* reader, vd_stats* stats);

typedef struct vd_topic_info {
  uint64_t schema_id;
  uint64_t slot_bytes;      /* largest record */
  uint32_t held_per_reader; /* leases this reader may hold at once */
  uint32_t metadata_bytes;
  const char* metadata; /* NUL-terminated copy; valid until this reader's next vd_reader_about() or close */
  uint64_t reserved[4];
} vd_topic_info;

/* What the topic is. VD_NOT_FOUND while it doesn't exist. */
VD_API VD_CHECKED vd_status vd_reader_about(vd_reader* reader, vd_topic_info* about);

/* ---- Readers in an event loop (poll, epoll, GLib, libuv, ...). The thread that the readers belong to. */

typedef struct vd_events vd_events;

/* A descriptor that is readable when any of the readers has something new; a thread of its own waits for that in the kernel. When
 * it is readable: take as much as you like, then vd_events_rearm(). Close it before its readers: one that is closed sooner
 * stays attached until then. VD_RESOURCE_EXHAUSTED without a free descriptor or thread. */
VD_API VD_CHECKED vd_status vd_events_open(vd_reader* const* readers, size_t count, vd_events** events);
/* NULL is ignored. */
VD_API void vd_events_close(vd_events* events);
/* For reading only, never to be read or closed by the caller; -1 with vd_last_error() for a closed handle. */
VD_API int vd_events_fd(vd_events* events);
/* Makes the descriptor readable again: at once if something newer than what was taken is left, else as soon as there is. */
VD_API vd_status vd_events_rearm(vd_events* events);

#ifdef __cplusplus
}
#endif

#endif /* VEDETTE_BUS_H */
