#include "mbq_kernels.h"
#include "scratch.h"

#define MBQ_KERNEL_SET(symbol) extern const mbq_kernel_set symbol;
#include "kernel_sets.inc"
#undef MBQ_KERNEL_SET

static const mbq_kernel_set *const sets[] = {
#define MBQ_KERNEL_SET(symbol) &symbol,
#include "kernel_sets.inc"
#undef MBQ_KERNEL_SET
};

size_t mbq_kernel_sets(const mbq_kernel_set *const **first) {
  *first = sets;
  return sizeof sets / sizeof sets[0];
}

size_t mbq_linear_scratch(uint32_t inputs, int has_levels, int has_smoothing) {
  return mbq_linear_layout_of(inputs, has_levels, has_smoothing).end;
}

size_t mbq_attention_scratch(uint32_t tokens, uint32_t head_size) {
  return mbq_attention_layout_of(tokens, head_size).end;
}
