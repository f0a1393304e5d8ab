/* Prints every new picture of a camera: its frame id, its size and how old it is.
 * usage: read_frames cam0 [pictures [bus directory]]      cc read_frames.c $(pkg-config --cflags --libs vedette_bus) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <vedette/frame.h>

static int failed(void) {
  fprintf(stderr, "read_frames: %s\n", vd_last_error());
  return 1;
}

int main(int argc, char** argv) {
  char topic[64];
  snprintf(topic, sizeof topic, "%.31s/frames", argc > 1 ? argv[1] : "cam0");
  const long pictures = argc > 2 ? atol(argv[2]) : 0; /* 0: for ever */
  vd_reader_options options = vd_reader_options_default();
  options.schema_id = VD_FRAME_SCHEMA;

  vd_bus* bus;
  vd_reader* reader;
  if (vd_bus_open(argc > 3 ? argv[3] : getenv("VEDETTE_BUS_DIR"), &bus) != VD_OK ||
      vd_reader_open(bus, topic, &options, &reader) != VD_OK)
    return failed();

  for (long seen = 0; pictures == 0 || seen < pictures;) {
    if (vd_wait(reader, VD_FOREVER) < 0) return failed();
    vd_record record;
    const vd_status status = vd_take_newest(reader, &record);
    if (status < 0) return failed();
    if (status != VD_OK) continue;
    vd_frame frame; /* a checked copy of its record; the pixels stay where they are */
    if (vd_frame_read(&record, &frame) != VD_OK) return failed();
    printf("frame %" PRIu64 " %" PRIu32 "x%" PRIu32 " format %u first pixel %u, %.3f ms old, missed %" PRIu64 "\n",
           frame.info.frame_id, frame.info.width, frame.info.height, (unsigned)frame.info.format,
           (unsigned)frame.planes[0].data[0], (double)(vd_now_ns() - frame.info.captured_at_ns) / 1e6, record.missed);
    fflush(stdout);
    vd_release(reader, &record);
    ++seen;
  }
  vd_reader_close(reader);
  vd_bus_close(bus);
  return 0;
}
