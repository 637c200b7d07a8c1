/* mbq's runtime for programs in other languages: a packed model in, labels and logits out.
 *
 *   static _Alignas(64) unsigned char file[...];           // or a mapping, or mbq_allocate's memory
 *   char why[200];
 *   mbq_model *model = mbq_open(file, size, NULL, why, sizeof why);
 *   mbq_session *session = mbq_session_open(model);
 *   int32_t label = mbq_classify(session, text, strlen(text), logits, NULL);
 *   puts(label < 0 ? mbq_error(session) : mbq_label(model, label));
 *   mbq_session_close(session);
 *   mbq_close(model);
 *
 * Memory: what a call is given stays the caller's. A model keeps reading its bytes: they must neither
 * change nor go before it and its sessions are closed. It takes a copy only if they do not start at a
 * multiple of 64. Strings that are returned belong to the model, or to the session and then last until its
 * next call.
 *
 * Threads: a model never changes, and any number of threads may use one. A session serves one thread at a
 * time; it holds the memory of one classification, which is made larger when a batch needs it and is
 * otherwise not allocated anew. No call starts a thread, reads a file or prints.
 *
 * The logits' bits depend on the model and the text alone: not on the kernel set, the platform, the batch.
 *
 * A pointer that is not said to be optional must not be NULL. */
#ifndef MBQ_H
#define MBQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbq_model mbq_model;
typedef struct mbq_session mbq_session;

/* What calls return when they fail. */
enum {
  MBQ_CHECK_FAILED = -1, /* mbq_verify: other answers than the stored ones */
  MBQ_USAGE = -2,        /* the request makes no sense */
  MBQ_BAD_INPUT = -3     /* the model, or a text, cannot be used */
};

/* The name of a kernel set this processor runs: 0 is the best one, the last "generic"; NULL behind it. */
const char *mbq_kernel_set(uint32_t index);

/* Checks `count` bytes of an .mbq file and makes them ready. `kernels` is a kernel set's name, or NULL for
 * the best. Returns NULL if that fails, with the reason in `message`: at most `room` bytes with the closing
 * 0, cut if need be; it may be NULL if `room` is 0. */
mbq_model *mbq_open(const void *bytes, size_t count, const char *kernels, char *message,
                    size_t room);

/* Sessions that are open keep the model until they are closed, too. */
void mbq_close(mbq_model *model);

/* The number of labels, which is that of the logits of a text. */
uint32_t mbq_label_count(const mbq_model *model);

/* A label's name in UTF-8; NULL past the last. */
const char *mbq_label(const mbq_model *model, uint32_t index);

/* 1 if a text has any number of labels, none included; 0 if it has exactly one. */
uint32_t mbq_is_multi_label(const mbq_model *model);

/* The longest text, in tokens with the special ones. */
uint32_t mbq_maximum_tokens(const mbq_model *model);

/* What logits are divided by before the softmax that gives the probabilities; 1 unless the model was tuned. */
float mbq_temperature(const mbq_model *model);

/* Of two labels, the second is given if its probability is at least this; 0.5 unless the model was tuned,
 * which is the label of the larger logit. */
float mbq_threshold(const mbq_model *model);

/* The name of the kernel set in use. */
const char *mbq_kernels(const mbq_model *model);

mbq_session *mbq_session_open(mbq_model *model);
void mbq_session_close(mbq_session *session);

/* Classifies `length` bytes of UTF-8, which need no closing 0; ill-formed bytes count as U+FFFD, and what
 * is longer than the model takes is cut. Returns the index of the label, or what failed: that of the
 * largest logit, unless the model has a threshold for the probability of the second of its two labels.
 * `logits` and `probabilities` are optional, and have room for mbq_label_count numbers. With mbq_is_multi_label the
 * text has every label whose logit is above 0, which is a probability above 0.5; the index is that of the
 * largest logit, whether above 0 or not. */
int32_t mbq_classify(mbq_session *session, const char *text, size_t length, float *logits,
                     float *probabilities);

/* Writes the token ids of a text, [CLS] and [SEP] included, cut to `capacity` of them or to what the model
 * takes; `capacity` is at least 2. Returns how many they are, or what failed. */
int32_t mbq_tokenize(mbq_session *session, const char *text, size_t length, uint32_t *ids,
                     uint32_t capacity);

/* The logits (texts, labels) of `texts` texts given as token ids one after the other, `lengths` ids each;
 * nothing is padded. Returns 0, or what failed. */
int32_t mbq_logits(mbq_session *session, const uint32_t *ids, const uint32_t *lengths,
                   uint32_t texts, float *logits);

/* Compares the texts stored in the model with what this processor makes of them: the same token ids, the
 * same bits of the logits. Returns their number, or what failed. */
int32_t mbq_verify(mbq_session *session);

/* Why the session's last call failed, in English; "" if it did not. */
const char *mbq_error(const mbq_session *session);

#ifdef __wasm__
/* Memory of the module for the host to write into, aligned to 64 bytes; 0 if there is none left. */
void *mbq_allocate(size_t count);
void mbq_free(void *memory);
#endif

#ifdef __cplusplus
}
#endif
#endif
