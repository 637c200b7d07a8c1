/* classify MODEL TEXTS [SET]: what the C API makes of the lines of a file, with one kernel set or all.
 *
 * Prints, for every set, `SET NUMBER label tokens digest-of-ids bits...`, and for the API's other answers
 * `SET name answer`; portable.mjs prints the same for wasm. */
#include "mbq.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "cannot open %s\n", path);
    exit(3);
  }
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file);
  rewind(file);
  char *bytes = aligned_alloc(64, (*count + 64) / 64 * 64);
  if (!bytes || fread(bytes, 1, *count, file) != *count) exit(3);
  fclose(file);
  return bytes;
}

static uint32_t digest(const uint32_t *ids, int32_t count) { /* FNV-1a over the ids */
  uint32_t hash = 2166136261u;
  for (int32_t i = 0; i < count; i++) hash = (hash ^ ids[i]) * 16777619u;
  return hash;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

static int run(const char *set, const char *file, size_t size, const char *texts, size_t length) {
  char why[200] = "";
  mbq_model *model = mbq_open(file, size, set, why, sizeof why);
  if (!model) {
    fprintf(stderr, "%s: %s\n", set, why);
    return 3;
  }
  mbq_session *session = mbq_session_open(model);
  const uint32_t labels = mbq_label_count(model), most = mbq_maximum_tokens(model);
  printf("%s verify %d %s\n", set, mbq_verify(session), mbq_error(session));
  printf("%s decision %08x %08x\n", set, bits_of(mbq_temperature(model)), bits_of(mbq_threshold(model)));
  enum { BATCH = 7 };
  uint32_t *ids = malloc(BATCH * most * 4), lengths[BATCH], filled = 0, count = 0, used = 0;
  float *logits = malloc(labels * 4), *probabilities = malloc(labels * 4);
  float *alone = malloc(BATCH * labels * 4), *together = malloc(BATCH * labels * 4);
  int differences = 0;
  for (const char *line = texts, *end; line < texts + length; line = end + 1, count++) {
    end = memchr(line, '\n', (size_t)(texts + length - line));
    if (!end) end = texts + length;
    const int32_t label = mbq_classify(session, line, (size_t)(end - line), logits, probabilities);
    const int32_t tokens = mbq_tokenize(session, line, (size_t)(end - line), ids + used, most);
    if (label < 0 || tokens < 0) {
      fprintf(stderr, "%s: text %u: %s\n", set, count + 1, mbq_error(session));
      return 1;
    }
    printf("%s %u %s %d %08x", set, count + 1, mbq_label(model, (uint32_t)label), tokens,
           digest(ids + used, tokens));
    for (uint32_t i = 0; i < labels; i++) printf(" %08x", bits_of(logits[i]));
    printf("\n");
    memcpy(alone + filled * labels, logits, labels * 4);
    lengths[filled++] = (uint32_t)tokens;
    used += (uint32_t)tokens;
    if (filled == BATCH || end + 1 >= texts + length) {
      if (mbq_logits(session, ids, lengths, filled, together) != 0) return 1;
      differences += memcmp(alone, together, filled * labels * 4) != 0;
      filled = used = 0;
    }
  }
  printf("%s batches-that-differ %d\n", set, differences);
  printf("%s no-room %d %s\n", set, mbq_tokenize(session, "a", 1, ids, 1), mbq_error(session));
  lengths[0] = 0;
  printf("%s no-tokens %d %s\n", set, mbq_logits(session, ids, lengths, 1, together), mbq_error(session));
  lengths[0] = 1, ids[0] = 0xFFFFFFFF;
  printf("%s no-such-token %d %s\n", set, mbq_logits(session, ids, lengths, 1, together), mbq_error(session));
  printf("%s past-the-labels %d\n", set, mbq_label(model, labels) == NULL);
  mbq_close(model); /* the session keeps it */
  printf("%s closed-first %d\n", set, mbq_classify(session, "a", 1, NULL, NULL) >= 0);
  mbq_session_close(session);
  /* Bytes at an odd place are copied. */
  char *odd = malloc(size + 65);
  memcpy(odd + 1, file, size);
  model = mbq_open(odd + 1, size, set, NULL, 0);
  memset(odd, 0, size + 65);
  session = mbq_session_open(model);
  printf("%s moved %d\n", set, mbq_verify(session));
  mbq_session_close(session);
  mbq_close(model);
  free(odd);
  odd = NULL;
  printf("%s cut %d %s\n", set, mbq_open(file, size - 1, set, why, sizeof why) == NULL, why);
  printf("%s not-a-model %d %s\n", set, mbq_open("no model", 8, set, why, 12) == NULL, why);
  printf("%s no-such-set %d\n", set, mbq_open(file, size, "abacus", why, sizeof why) == NULL);
  fflush(stdout);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  size_t size, length;
  const char *file = read_file(arguments[1], &size), *texts = read_file(arguments[2], &length);
  const char *set;
  for (uint32_t i = 0; (set = mbq_kernel_set(i)); i++) {
    if (count > 3 && strcmp(set, arguments[3]) != 0) continue;
    const int failed = run(set, file, size, texts, length);
    if (failed) return failed;
  }
  return 0;
}
