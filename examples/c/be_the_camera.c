/* Is a camera: publishes a bright square that wanders over a dark RGB24 picture, 25 times a second. Everything that reads
 * <camera>/frames reads it like any other camera.
 * usage: be_the_camera cam9 [pictures [bus directory]]    cc be_the_camera.c $(pkg-config --cflags --libs vedette_bus) */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vedette/frame.h>

enum { WIDTH = 320, HEIGHT = 240, SIDE = 32 };

static int failed(void) {
  fprintf(stderr, "be_the_camera: %s\n", vd_last_error());
  return 1;
}

static void draw(unsigned char* pixels, unsigned stride, long number) {
  const unsigned left = (unsigned)(number * 4 % (WIDTH - SIDE)), top = (HEIGHT - SIDE) / 2;
  for (unsigned y = 0; y < HEIGHT; ++y) memset(pixels + y * stride, 16, WIDTH * 3);
  for (unsigned y = top; y < top + SIDE; ++y) memset(pixels + y * stride + left * 3, 240, SIDE * 3);
}

int main(int argc, char** argv) {
  const char* camera = argc > 1 ? argv[1] : "cam9";
  const long pictures = argc > 2 ? atol(argv[2]) : 0; /* 0: for ever */
  char topic[64];
  snprintf(topic, sizeof topic, "%.31s/frames", camera);

  vd_layout layout;
  if (vd_frame_layout(VD_RGB24, WIDTH, HEIGHT, &layout) != VD_OK) return failed();
  vd_writer_options options = vd_writer_options_default();
  options.schema_id = VD_FRAME_SCHEMA;
  options.slot_bytes = layout.slot_bytes;
  vd_bus* bus;
  vd_writer* writer;
  if (vd_bus_open(argc > 3 ? argv[3] : getenv("VEDETTE_BUS_DIR"), &bus) != VD_OK ||
      vd_writer_open(bus, topic, &options, &writer) != VD_OK)
    return failed();

  for (long number = 0; pictures == 0 || number < pictures; ++number) {
    vd_slot slot;
    const vd_status status = vd_loan(writer, &slot);
    if (status < 0) return failed();
    if (status == VD_NO_SLOT) vd_count_drop(writer); /* readers hold them all: this picture is lost, the camera goes on */
    if (status == VD_OK) {
      vd_frame_info info;
      if (vd_frame_info_init(&info, VD_RGB24, WIDTH, HEIGHT, camera) != VD_OK) return failed();
      draw((unsigned char*)slot.data + layout.offset[0], layout.stride[0], number);
      if (vd_publish_frame(writer, &slot, &info) != VD_OK) return failed();
    }
    const struct timespec pause = {0, 40 * 1000 * 1000};
    nanosleep(&pause, NULL);
  }
  vd_writer_close(writer); /* the topic stays for a successor; vd_writer_remove() would take it away */
  vd_bus_close(bus);
  return 0;
}
