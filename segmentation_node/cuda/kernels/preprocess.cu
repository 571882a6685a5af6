// From a camera image to the network's input, in one pass: segmentation_node/core/preprocess.py.
//
// Each thread makes four neighbouring pixels of the input. What lies where is worked out once per
// size of image and stands in two tables (segmentation_node/cuda/tables.py).
#include "pixels.cuh"

// The two image pixels between which a pixel of the network lies, along one axis. -1: padding.
// The weights come to 2048; cv2.resize has the same fixed point, INTER_RESIZE_COEF_BITS.
struct alignas(16) Tap {
  int low, high;
  int weight_low, weight_high;
};

struct PreprocessArgs {
  Image image;
  void *output;               // (3, height, width) float or half
  const Tap *rows, *columns;  // (height,), (width,)
  int height, width;          // of the network's input
  int pad[3];                 // blue, green, red
  int plane[3];               // the output's channel for blue, green, red
  float mean[3], std[3];      // of blue, green, red
};

template <class Pixels>
DEVICE Bgr tap(const PreprocessArgs &args, int y, int x) {
  if (y < 0 || x < 0) return {args.pad[0], args.pad[1], args.pad[2]};
  return Pixels::read(args.image, y, x);
}

DEVICE int blend_row(int low, int high, const Tap &column) {
  return (low * column.weight_low + high * column.weight_high) >> 4;
}

DEVICE int blend_rows(int above, int below, const Tap &row) {
  return ((above * row.weight_low >> 16) + (below * row.weight_high >> 16) + 2) >> 2;
}

// One row of taps, as OpenCV keeps it between its two passes.
template <class Pixels>
DEVICE Bgr wide(const PreprocessArgs &args, int y, const Tap &column) {
  const Bgr low = tap<Pixels>(args, y, column.low), high = tap<Pixels>(args, y, column.high);
  return {blend_row(low.blue, high.blue, column), blend_row(low.green, high.green, column),
          blend_row(low.red, high.red, column)};
}

template <class Pixels>
DEVICE Bgr resized(const PreprocessArgs &args, const Tap &row, const Tap &column) {
  const Bgr above = wide<Pixels>(args, row.low, column), below = wide<Pixels>(args, row.high, column);
  return {blend_rows(above.blue, below.blue, row), blend_rows(above.green, below.green, row),
          blend_rows(above.red, below.red, row)};
}

template <class Value>
DEVICE void normalise(const PreprocessArgs &args, int channel, int level, Value &out) {
  convert((float(level) - args.mean[channel]) / args.std[channel], out);
}

template <class Pixels, class Value>
DEVICE void fill_four(const PreprocessArgs &args, int y, int x) {
  Quad<Value> blue, green, red;
  const Tap row = args.rows[y];
  UNROLL for (int i = 0; i < 4; ++i) {
    const Bgr pixel = resized<Pixels>(args, row, args.columns[smaller(x + i, args.width - 1)]);
    normalise(args, 0, pixel.blue, blue.values[i]);
    normalise(args, 1, pixel.green, green.values[i]);
    normalise(args, 2, pixel.red, red.values[i]);
  }
  const long long area = static_cast<long long>(args.height) * args.width;
  Value *output = static_cast<Value *>(args.output) + static_cast<long long>(y) * args.width + x;
  const int count = args.width - x;
  store(output + args.plane[0] * area, blue, smaller(count, 4));
  store(output + args.plane[1] * area, green, smaller(count, 4));
  store(output + args.plane[2] * area, red, smaller(count, 4));
}

template <class Pixels, class Value>
DEVICE void preprocess(const PreprocessArgs &args) {
  for_each_four(args.height, args.width, [&](int y, int x) { fill_four<Pixels, Value>(args, y, x); });
}

// One more step lets the preprocessor put the name in before it is pasted.
#define KERNELS_OF(Pixels) KERNELS(Pixels)
#define KERNELS(Pixels)                                                                   \
  extern "C" __global__ void preprocess_##Pixels##_fp32(const PreprocessArgs args) {      \
    preprocess<Pixels, float>(args);                                                      \
  }                                                                                       \
  extern "C" __global__ void preprocess_##Pixels##_fp16(const PreprocessArgs args) {      \
    preprocess<Pixels, Half>(args);                                                       \
  }

FOR_EACH_LAYOUT(KERNELS_OF)

#undef KERNELS
#undef KERNELS_OF
