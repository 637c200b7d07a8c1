/* The softmax or the sigmoids of the logits. Not worth a version per instruction set: there are a few labels. */
#include "mbq_kernels.h"
#define CONVERTS_HALF 0
#include "../template/vec.h"
#include "../template/functions.h"

void mbq_softmax(const float *logits, uint32_t count, float temperature, float *probabilities) {
  float top = logits[0];
  for (uint32_t i = 1; i < count; i++) top = logits[i] > top ? logits[i] : top;
  float total = 0.0f;
  for (uint32_t i = 0; i < count; i++) {
    probabilities[i] = exp16(splat((logits[i] - top) / temperature))[0];
    total += probabilities[i];
  }
  for (uint32_t i = 0; i < count; i++) probabilities[i] /= total;
}

void mbq_sigmoid(const float *logits, uint32_t count, float *probabilities) {
  for (uint32_t i = 0; i < count; i++) {
    const float x = logits[i];
    const float e = exp16(splat(x < 0.0f ? x : -x))[0];
    probabilities[i] = (x < 0.0f ? e : 1.0f) / (1.0f + e);
  }
}
