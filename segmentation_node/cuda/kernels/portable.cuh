// What the kernels need from CUDA, and its stand-in where they are compiled as plain C++.
//
// Compiled by nvcc or NVRTC, this header adds two conversions of half precision and nothing else:
// no header of the CUDA toolkit is needed, as NVRTC's wheel brings none. Compiled by a C++ compiler,
// it declares the indices of a thread, so that a loop over blocks and threads runs the same source.
#pragma once

#ifdef __CUDACC__

#define DEVICE __device__ __forceinline__
// Arrays whose every index is known stay in registers.
#define UNROLL _Pragma("unroll")

#else

#include <cmath>
#include <cstring>

#define DEVICE inline
#define UNROLL
#define __global__

struct Index {
  unsigned x, y, z;
};

static thread_local Index threadIdx, blockIdx, blockDim, gridDim;

#endif

typedef unsigned char Byte;

// The bits of a half precision number.
struct Half {
  unsigned short bits;
};

// Four values that are loaded and stored at once where their address allows it.
template <class Value>
struct alignas(4 * sizeof(Value)) Quad {
  Value values[4];
};

#ifdef __CUDACC__

DEVICE float to_float(Half half) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half.bits));
  return value;
}

// Rounds to the nearest, ties to even, as NumPy does.
DEVICE void convert(float value, Half &half) {
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half.bits) : "f"(value));
}

#else

DEVICE float to_float(Half half) {
  const int exponent = half.bits >> 10 & 31, fraction = half.bits & 1023;
  const float magnitude = exponent == 0    ? std::ldexp(float(fraction), -24)
                          : exponent == 31 ? (fraction ? NAN : INFINITY)
                                           : std::ldexp(float(1024 + fraction), exponent - 25);
  return half.bits & 0x8000 ? -magnitude : magnitude;
}

DEVICE void convert(float value, Half &half) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  const unsigned sign = bits >> 16 & 0x8000;
  unsigned magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    magnitude = 0x7e00;  // not a number
  } else if (magnitude >= 0x477ff000) {
    magnitude = 0x7c00;  // 65520 and more round to infinity
  } else if (magnitude < 0x38800000) {
    magnitude = unsigned(std::nearbyint(std::fabs(value) * 16777216.0f));  // subnormal
  } else {
    magnitude = ((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13) - (112 << 10);
  }
  half.bits = static_cast<unsigned short>(sign | magnitude);
}

#endif

DEVICE float to_float(float value) { return value; }
DEVICE void convert(float value, float &out) { out = value; }

DEVICE int smaller(int a, int b) { return a < b ? a : b; }
DEVICE int larger(int a, int b) { return a > b ? a : b; }
DEVICE int clamp(int value, int low, int high) { return larger(low, smaller(value, high)); }

template <class Type>
DEVICE bool is_aligned(const void *address) {
  return reinterpret_cast<unsigned long long>(address) % alignof(Type) == 0;
}

// Stores the first `count` of four values, at once where there are four and the address allows it.
template <class Value>
DEVICE void store(Value *to, const Quad<Value> &from, int count) {
  if (count == 4 && is_aligned<Quad<Value>>(to)) {
    *reinterpret_cast<Quad<Value> *>(to) = from;
    return;
  }
  UNROLL for (int i = 0; i < 4; ++i) {
    if (i < count) to[i] = from.values[i];
  }
}

// The four bytes at an address, at once where it allows that.
DEVICE Quad<Byte> load(const Byte *from) {
  if (is_aligned<Quad<Byte>>(from)) return *reinterpret_cast<const Quad<Byte> *>(from);
  return {{from[0], from[1], from[2], from[3]}};
}

// Calls `finish(y, x)` for the first of every four pixels of a row. Any grid covers the whole image:
// what it does not reach at once, its threads take in strides.
template <class Finish>
DEVICE void for_each_four(int height, int width, Finish finish) {
  const int rows = gridDim.y * blockDim.y, columns = 4 * gridDim.x * blockDim.x;
  const int first_x = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  for (int y = blockIdx.y * blockDim.y + threadIdx.y; y < height; y += rows) {
    for (int x = first_x; x < width; x += columns) finish(y, x);
  }
}

// Defines the kernels of one layout of pixels, or of all where the compiler is not told PIXELS:
// a robot's camera has one encoding, and its kernels are compiled in a tenth of the time.
#ifdef PIXELS
#define FOR_EACH_LAYOUT(KERNELS) KERNELS(PIXELS)
#else
#define FOR_EACH_LAYOUT(KERNELS)                                                     \
  KERNELS(Packed3) KERNELS(Packed4) KERNELS(Mono8) KERNELS(Mono16) KERNELS(Bayer)     \
  KERNELS(Yuv422) KERNELS(Yuv420) KERNELS(Planes)
#endif
