// The colour of one pixel of a camera image, for every layout of segmentation_node/core/encodings.py.
//
// The arithmetic is OpenCV's, in whole numbers, so that a pixel is the same as cv2.cvtColor's.
#pragma once

#include "portable.cuh"

// A camera image in memory. `variant` tells apart encodings that share a layout.
struct Image {
  const Byte *data;
  long long step;  // bytes from one row to the next
  int height, width;
  int variant;

  DEVICE const Byte *row(int y) const { return data + y * step; }
};

struct Bgr {
  int blue, green, red;
};

DEVICE Bgr grey(int value) { return {value, value, value}; }

// bgr8, 8UC3 (variant 0) and rgb8 (1).
struct Packed3 {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const Byte *pixel = image.row(y) + 3 * x;
    const int first = pixel[0], second = pixel[1], third = pixel[2];
    return image.variant ? Bgr{third, second, first} : Bgr{first, second, third};
  }
};

// bgra8 (variant 0) and rgba8 (1).
struct Packed4 {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const Quad<Byte> pixel = load(image.row(y) + 4 * x);
    const int first = pixel.values[0], second = pixel.values[1], third = pixel.values[2];
    return image.variant ? Bgr{third, second, first} : Bgr{first, second, third};
  }
};

// mono8 and 8UC1.
struct Mono8 {
  static DEVICE Bgr read(const Image &image, int y, int x) { return grey(image.row(y)[x]); }
};

// mono16, little endian (variant 0) or big endian (1). Rows may begin at odd addresses.
struct Mono16 {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const Byte *pixel = image.row(y) + 2 * x;
    const int value = image.variant ? pixel[0] << 8 | pixel[1] : pixel[1] << 8 | pixel[0];
    // value * 255 / 65535, rounded: 65535 is 255 * 257, and an odd divisor leaves no ties.
    return grey((value + 128) / 257);
  }
};

// Mosaics. Variant: twice the first row with red pixels, plus the first column with them.
struct Bayer {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    // OpenCV repeats the outermost pixels that have neighbours on all sides, and leaves images
    // without such pixels black.
    if (image.height < 3 || image.width < 3) return grey(0);
    y = clamp(y, 1, image.height - 2);
    x = clamp(x, 1, image.width - 2);
    const bool red_row = (y & 1) == image.variant >> 1, red_column = (x & 1) == (image.variant & 1);
    if (red_row == red_column) return on_colour(image, y, x, red_row);
    return on_green(image, y, x, red_row);
  }

  // A red or blue pixel: green lies beside it, the other colour across its corners.
  static DEVICE Bgr on_colour(const Image &image, int y, int x, bool is_red) {
    const Byte *above = image.row(y - 1) + x, *here = image.row(y) + x, *below = image.row(y + 1) + x;
    const int green = (above[0] + below[0] + here[-1] + here[1] + 2) >> 2;
    const int across = (above[-1] + above[1] + below[-1] + below[1] + 2) >> 2;
    return is_red ? Bgr{across, green, here[0]} : Bgr{here[0], green, across};
  }

  // A green pixel: one colour lies in its row, the other in its column.
  static DEVICE Bgr on_green(const Image &image, int y, int x, bool red_row) {
    const Byte *here = image.row(y) + x;
    const int beside = (here[-1] + here[1] + 1) >> 1;
    const int upright = (image.row(y - 1)[x] + image.row(y + 1)[x] + 1) >> 1;
    return red_row ? Bgr{upright, here[0], beside} : Bgr{beside, here[0], upright};
  }
};

DEVICE int to_byte(int value) { return clamp(value, 0, 255); }

// BT.601, video range, with OpenCV's factors: times 2^20, rounded.
DEVICE Bgr from_yuv(int y, int u, int v) {
  const int half = 1 << 19, light = larger(y - 16, 0) * 1220542 + half;
  u -= 128;
  v -= 128;
  return {to_byte((light + 2116026 * u) >> 20),
          to_byte((light - 409993 * u - 852492 * v) >> 20),
          to_byte((light + 1673527 * v) >> 20)};
}

// uyvy (variant 0) and yuyv (1): four bytes for two pixels.
struct Yuv422 {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const Quad<Byte> pair = load(image.row(y) + 4 * (x >> 1));
    const Byte *value = pair.values;
    const bool second = x & 1;
    if (image.variant) return from_yuv(second ? value[2] : value[0], value[1], value[3]);
    return from_yuv(second ? value[3] : value[1], value[0], value[2]);
  }
};

// What preprocess.cu writes of an image with a mean of 0 and a standard deviation of 1: planes of
// whole numbers as floats, blue, green and red, `variant` floats apart.
struct Planes {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const float *blue = reinterpret_cast<const float *>(image.row(y)) + x;
    const float *green = blue + image.variant, *red = green + image.variant;
    return {static_cast<int>(*blue), static_cast<int>(*green), static_cast<int>(*red)};
  }
};

// nv12 (variant 0) and nv21 (1): below the rows of brightness one row of colour for every two.
struct Yuv420 {
  static DEVICE Bgr read(const Image &image, int y, int x) {
    const Byte *colour = image.row(image.height + (y >> 1)) + (x & ~1);
    const int first = colour[0], second = colour[1], light = image.row(y)[x];
    return image.variant ? from_yuv(light, second, first) : from_yuv(light, first, second);
  }
};
