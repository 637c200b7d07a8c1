/* What this processor can do, and whether the operating system saves the registers it needs. */
#include "mbq_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t mbq_cpu_features(void) {
  uint32_t a, b, c, d, found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const uint32_t osxsave = 1u << 27, fma = 1u << 12, f16c = 1u << 29;
  if (!(c & osxsave)) return 0;
  const int fma_f16c = (c & fma) && (c & f16c);
  const uint64_t state = enabled_state();
  const int ymm = (state & 0x6) == 0x6, zmm = (state & 0xE6) == 0xE6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const uint32_t leaves = a;
  if (ymm && fma_f16c && (b & 1u << 5)) found |= MBQ_CPU_AVX2_FMA_F16C;
  /* F, DQ, BW, VL and, in ecx, VNNI. */
  const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  if (zmm && fma_f16c && (b & avx512) == avx512 && (c & 1u << 11)) found |= MBQ_CPU_AVX512_VNNI;
  if (leaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && ymm && (a & 1u << 4)) {
    found |= MBQ_CPU_AVX_VNNI;
  }
  return found;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

/* Bits of the kernel's ABI, spelled out: older headers lack the second. */
uint32_t mbq_cpu_features(void) {
  const unsigned long asimddp = 1ul << 20, i8mm = 1ul << 13;
  uint32_t found = 0;
  if (getauxval(AT_HWCAP) & asimddp) found |= MBQ_CPU_NEON_DOTPROD;
  if (getauxval(AT_HWCAP2) & i8mm) found |= MBQ_CPU_NEON_I8MM;
  return found;
}
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>

static uint32_t if_has(const char *name, uint32_t feature) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value ? feature : 0;
}

uint32_t mbq_cpu_features(void) {
  return if_has("hw.optional.arm.FEAT_DotProd", MBQ_CPU_NEON_DOTPROD) |
         if_has("hw.optional.arm.FEAT_I8MM", MBQ_CPU_NEON_I8MM);
}
#else
uint32_t mbq_cpu_features(void) { return 0; }
#endif
