/* Prints `set suite cases digest` for every kernel set this processor runs. */
#include "kernels_check.h"
#include <stdio.h>

int main(void) {
  const mbq_kernel_set *const *sets;
  const size_t count = mbq_kernel_sets(&sets);
  int failed = 0;
  for (size_t i = 0; i < count; i++) {
    if (sets[i]->needs & ~mbq_cpu_features()) continue;
    check_line lines[CHECK_SUITES];
    const size_t suites = kernels_check(sets[i], lines);
    for (size_t j = 0; j < suites; j++) {
      printf("%s %s %u %08x\n", sets[i]->name, lines[j].suite, lines[j].cases, lines[j].digest);
      if (lines[j].overruns) fprintf(stderr, "%s %s wrote past its memory\n", sets[i]->name, lines[j].suite);
      failed |= lines[j].overruns != 0;
    }
    fflush(stdout);
  }
  return failed;
}
