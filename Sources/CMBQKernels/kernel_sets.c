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

/* Twelve rows of up to two bytes an activation. */
size_t mbq_linear_scratch(uint32_t inputs) {
  return MBQ_MAX_ROWS * (((size_t)inputs + 15) / 16 * 16) * 2;
}

size_t mbq_attention_scratch(uint32_t tokens, uint32_t head_size) {
  return mbq_attention_layout_of(tokens, head_size).end;
}
