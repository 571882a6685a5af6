// From logits to label, colour, overlay and confidence images, in one pass:
// segmentation_node/core/postprocess.py.
//
// Each thread makes four neighbouring pixels. Full-size logits are never written: a pixel's logits
// are interpolated, compared and forgotten, and worked out a second time where its confidence is
// wanted. Multiplications and additions must not be fused (-fmad=false), as they are not in core/.
#include "pixels.cuh"

// The two logits between which a pixel lies, along one axis. -1: the network has not seen it.
struct alignas(16) Sample {
  int low, high;
  float weight_low, weight_high;
};

struct PostprocessArgs {
  Image image;                   // under the overlay
  const void *logits;            // (channels, logits_height, logits_width) float or half
  const Sample *rows, *columns;  // (height,), (width,)
  const Byte *ids;               // (channels,) label id of each channel
  const Byte *palette;           // (256, 3) RGB of each label id
  Byte *labels;                  // (height, width)
  Byte *color, *overlay;         // (height, width, 3) RGB, or null
  Byte *confidence;              // (height, width), or null
  int channels, logits_height, logits_width;
  int height, width;  // of the results
  int unknown;        // label id where the network has not seen the image
  float alpha;        // share of colour in the overlay
  float temperature;  // divides the logits before the softmax
};

// Where four pixels lie among the logits.
struct Place {
  Sample row;
  Sample columns[4];

  DEVICE bool is_seen(int i) const { return row.low >= 0 && columns[i].low >= 0; }
};

DEVICE Place place_of(const PostprocessArgs &args, int y, int x) {
  Place place;
  place.row = args.rows[y];
  UNROLL for (int i = 0; i < 4; ++i) place.columns[i] = args.columns[smaller(x + i, args.width - 1)];
  return place;
}

template <class Value>
DEVICE float blend_row(const Value *row, const Sample &column) {
  return to_float(row[larger(column.low, 0)]) * column.weight_low +
         to_float(row[larger(column.high, 0)]) * column.weight_high;
}

// One channel's logit at one pixel: along x first, then along y.
template <class Value>
DEVICE float interpolate(const PostprocessArgs &args, int channel, const Sample &row,
                         const Sample &column) {
  const int height = args.logits_height, width = args.logits_width;
  const Value *plane = static_cast<const Value *>(args.logits) +
                       static_cast<long long>(channel) * height * width;
  const float above = blend_row(plane + larger(row.low, 0) * width, column);
  const float below = blend_row(plane + larger(row.high, 0) * width, column);
  return above * row.weight_low + below * row.weight_high;
}

struct Winner {
  float logit;
  int channel;

  // The first of equal maxima wins, and a NaN beats everything, as in NumPy's argmax.
  DEVICE void meet(float other, int index) {
    const bool is_number = logit == logit;
    if (is_number && !(other <= logit)) {
      logit = other;
      channel = index;
    }
  }
};

template <class Value>
DEVICE void find_winners(const PostprocessArgs &args, const Place &place, Winner winners[4]) {
  UNROLL for (int i = 0; i < 4; ++i) {
    winners[i] = {interpolate<Value>(args, 0, place.row, place.columns[i]), 0};
  }
  for (int channel = 1; channel < args.channels; ++channel) {
    UNROLL for (int i = 0; i < 4; ++i) {
      winners[i].meet(interpolate<Value>(args, channel, place.row, place.columns[i]), channel);
    }
  }
}

// The sum over all channels of exp((logit - winner) / temperature): one over the winner's softmax.
template <class Value>
DEVICE Quad<Byte> find_confidence(const PostprocessArgs &args, const Place &place,
                                  const Winner winners[4]) {
  float sums[4] = {0, 0, 0, 0};
  for (int channel = 0; channel < args.channels; ++channel) {
    UNROLL for (int i = 0; i < 4; ++i) {
      const float logit = interpolate<Value>(args, channel, place.row, place.columns[i]);
      sums[i] += expf((logit - winners[i].logit) / args.temperature);
    }
  }
  Quad<Byte> confidence;
  UNROLL for (int i = 0; i < 4; ++i) {
    const float level = rintf(255.0f / sums[i]);
    // A NaN, which is not above 0 either, has no level.
    confidence.values[i] = place.is_seen(i) && level > 0 ? static_cast<Byte>(level) : 0;
  }
  return confidence;
}

// Twelve bytes: the colours of four pixels.
struct FourColors {
  Quad<Byte> quads[3];

  DEVICE Byte &at(int i) { return quads[i >> 2].values[i & 3]; }

  DEVICE void store_to(Byte *to, int pixels) const {
    UNROLL for (int i = 0; i < 3; ++i) store(to + 4 * i, quads[i], clamp(3 * pixels - 4 * i, 0, 4));
  }
};

DEVICE FourColors colors_of(const Byte *palette, const Quad<Byte> &labels) {
  FourColors colors;
  UNROLL for (int i = 0; i < 12; ++i) colors.at(i) = palette[3 * labels.values[i / 3] + i % 3];
  return colors;
}

DEVICE Byte blend(int level, Byte color, float alpha) {
  return static_cast<Byte>(rintf(float(level) * (1.0f - alpha) + float(color) * alpha));
}

template <class Pixels>
DEVICE FourColors overlay_of(const PostprocessArgs &args, FourColors colors, int y, int x) {
  UNROLL for (int i = 0; i < 4; ++i) {
    const Bgr pixel = Pixels::read(args.image, y, smaller(x + i, args.width - 1));
    colors.at(3 * i) = blend(pixel.red, colors.at(3 * i), args.alpha);
    colors.at(3 * i + 1) = blend(pixel.green, colors.at(3 * i + 1), args.alpha);
    colors.at(3 * i + 2) = blend(pixel.blue, colors.at(3 * i + 2), args.alpha);
  }
  return colors;
}

template <class Pixels, class Value>
DEVICE void finish_four(const PostprocessArgs &args, int y, int x) {
  const Place place = place_of(args, y, x);
  const long long pixel = static_cast<long long>(y) * args.width + x;
  const int count = smaller(args.width - x, 4);
  Winner winners[4];
  find_winners<Value>(args, place, winners);
  Quad<Byte> labels;
  UNROLL for (int i = 0; i < 4; ++i) {
    labels.values[i] = place.is_seen(i) ? args.ids[winners[i].channel] : static_cast<Byte>(args.unknown);
  }
  store(args.labels + pixel, labels, count);
  if (args.confidence) {
    store(args.confidence + pixel, find_confidence<Value>(args, place, winners), count);
  }
  if (!args.color && !args.overlay) return;
  const FourColors colors = colors_of(args.palette, labels);
  if (args.color) colors.store_to(args.color + 3 * pixel, count);
  if (args.overlay) overlay_of<Pixels>(args, colors, y, x).store_to(args.overlay + 3 * pixel, count);
}

template <class Pixels, class Value>
DEVICE void postprocess(const PostprocessArgs &args) {
  for_each_four(args.height, args.width, [&](int y, int x) { finish_four<Pixels, Value>(args, y, x); });
}

// One more step lets the preprocessor put the name in before it is pasted.
#define KERNELS_OF(Pixels) KERNELS(Pixels)
#define KERNELS(Pixels)                                                                   \
  extern "C" __global__ void postprocess_##Pixels##_fp32(const PostprocessArgs args) {    \
    postprocess<Pixels, float>(args);                                                     \
  }                                                                                       \
  extern "C" __global__ void postprocess_##Pixels##_fp16(const PostprocessArgs args) {    \
    postprocess<Pixels, Half>(args);                                                      \
  }

FOR_EACH_LAYOUT(KERNELS_OF)

#undef KERNELS
#undef KERNELS_OF
