/* classify MODEL.mbq TEXT...
 *
 *   clang -I Sources/MBQEmbedding/include Examples/embedding/classify.c -L .build/portable/x86_64 -lmbq */
#include <fcntl.h>
#include <mbq.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: classify MODEL.mbq TEXT...\n");
    return 2;
  }
  struct stat status;
  const int file = open(arguments[1], O_RDONLY);
  if (file < 0 || fstat(file, &status) != 0) {
    perror(arguments[1]);
    return 3;
  }
  /* Mapped, the weights are read where the file is, and shared by all processes that map it. */
  const void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) {
    perror(arguments[1]);
    return 3;
  }
  char why[400];
  mbq_model *model = mbq_open(bytes, (size_t)status.st_size, NULL, why, sizeof why);
  if (!model) {
    fprintf(stderr, "error: %s\n", why);
    return 3;
  }
  mbq_session *session = mbq_session_open(model);
  for (int i = 2; i < count; i++) {
    float probabilities[256]; /* mbq_label_count(model) are needed */
    const int32_t label = mbq_label_count(model) > 256
                              ? MBQ_USAGE
                              : mbq_classify(session, arguments[i], strlen(arguments[i]), NULL, probabilities);
    if (label < 0) {
      fprintf(stderr, "error: %s\n", mbq_error(session));
      return -label;
    }
    /* Of a multi-label model this is the likeliest label, which the text has if that is above one half. */
    printf("%s\t%.4f\t%s\n", mbq_label(model, (uint32_t)label), probabilities[label], arguments[i]);
  }
  mbq_session_close(session);
  mbq_close(model);
  return 0;
}
