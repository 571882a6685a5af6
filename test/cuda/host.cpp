// The kernels as plain C++: the very same source, run by a loop over blocks and threads.
#include <cstddef>

#include "preprocess.cu"
#include "postprocess.cu"

template <class Args>
static void run(void (*kernel)(Args), const Args &args, Index grid, Index block) {
  gridDim = grid;
  blockDim = block;
  for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y)
    for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x)
      for (threadIdx.y = 0; threadIdx.y < block.y; ++threadIdx.y)
        for (threadIdx.x = 0; threadIdx.x < block.x; ++threadIdx.x) kernel(args);
}

extern "C" void run_preprocess(void (*kernel)(PreprocessArgs), const PreprocessArgs *args,
                               unsigned grid_x, unsigned grid_y, unsigned x, unsigned y) {
  run(kernel, *args, {grid_x, grid_y, 1}, {x, y, 1});
}

extern "C" void run_postprocess(void (*kernel)(PostprocessArgs), const PostprocessArgs *args,
                                unsigned grid_x, unsigned grid_y, unsigned x, unsigned y) {
  run(kernel, *args, {grid_x, grid_y, 1}, {x, y, 1});
}

extern "C" void round_trip(const float *values, unsigned short *bits, float *back, int count) {
  for (int i = 0; i < count; ++i) {
    Half half;
    convert(values[i], half);
    bits[i] = half.bits;
    back[i] = to_float(half);
  }
}

#define AT(field) offsetof(TYPE, field)

// Size and offset of each field of what Python and the kernels share, in order.
#define TYPE Image
extern "C" const size_t layout_image[] = {sizeof(TYPE), AT(data),  AT(step),
                                          AT(height),   AT(width), AT(variant)};
#undef TYPE
#define TYPE Tap
extern "C" const size_t layout_tap[] = {sizeof(TYPE), AT(low), AT(high), AT(weight_low),
                                        AT(weight_high)};
#undef TYPE
#define TYPE Sample
extern "C" const size_t layout_sample[] = {sizeof(TYPE), AT(low), AT(high), AT(weight_low),
                                           AT(weight_high)};
#undef TYPE
#define TYPE PreprocessArgs
extern "C" const size_t layout_preprocess[] = {
    sizeof(TYPE), AT(image), AT(output), AT(rows), AT(columns), AT(height),
    AT(width),    AT(pad),   AT(plane),  AT(mean), AT(std)};
#undef TYPE
#define TYPE PostprocessArgs
extern "C" const size_t layout_postprocess[] = {
    sizeof(TYPE),   AT(image),   AT(logits),     AT(rows),     AT(columns),
    AT(ids),        AT(palette), AT(labels),     AT(color),    AT(overlay),
    AT(confidence), AT(channels), AT(logits_height), AT(logits_width), AT(height),
    AT(width),      AT(unknown), AT(alpha),      AT(temperature)};
