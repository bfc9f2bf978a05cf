/* AWS's binary event stream, written for tests from its specification (https://smithy.io/2.0/aws/amazon-eventstream.html):
   the checksum is made bit by bit and shares nothing with the header.

       engine_text s = { NULL, 0, 0 };
       events_event(&s, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"}}");
       events_exception(&s, "throttlingException", "{\"message\":\"Too many tokens\"}");
       events_error(&s, "InternalError", "boom");   */
#ifndef EVENTS_H
#define EVENTS_H

#include "engine.h"

static inline uint32_t events_crc(const char *p, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;
    int bit;
    while (len--)
        for (crc ^= (unsigned char)*p++, bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    return ~crc;
}

static inline void events_number(engine_text *to, uint32_t value, int bytes) {
    char byte;
    while (bytes--) {
        byte = (char)(unsigned char)(value >> (8 * bytes));
        engine_add(to, &byte, 1);
    }
}

/* One header; a type of 6 or 7 gets its two bytes of length. */
static inline void events_header(engine_text *to, const char *name, int type, const void *value, size_t len) {
    events_number(to, (uint32_t)strlen(name), 1);
    engine_add(to, name, strlen(name));
    events_number(to, (uint32_t)type, 1);
    if (type == 6 || type == 7) events_number(to, (uint32_t)len, 2);
    engine_add(to, (const char *)value, len);
}

static inline void events_string(engine_text *to, const char *name, const char *value) { events_header(to, name, 7, value, strlen(value)); }

/* A message with lengths as they are told, right or wrong, and checksums that are right. */
static inline void events_told(engine_text *to, uint32_t total, uint32_t headers_len, const engine_text *headers, const char *payload, size_t len) {
    size_t begin = to->len;
    events_number(to, total, 4);
    events_number(to, headers_len, 4);
    events_number(to, events_crc(to->ptr + begin, 8), 4);
    if (headers->len) engine_add(to, headers->ptr, headers->len);
    engine_add(to, payload, len);
    events_number(to, events_crc(to->ptr + begin, to->len - begin), 4);
}

static inline void events_message(engine_text *to, const engine_text *headers, const char *payload, size_t len) {
    events_told(to, (uint32_t)(16 + headers->len + len), (uint32_t)headers->len, headers, payload, len);
}

static inline void events_kind(engine_text *to, const char *kind, const char *name, const char *type, const char *json) {
    engine_text headers = { NULL, 0, 0 };
    events_string(&headers, name, type);
    events_string(&headers, ":content-type", "application/json");
    events_string(&headers, ":message-type", kind);
    events_message(to, &headers, json, strlen(json));
    engine_text_free(&headers);
}

static inline void events_event(engine_text *to, const char *type, const char *json) { events_kind(to, "event", ":event-type", type, json); }
static inline void events_exception(engine_text *to, const char *type, const char *json) { events_kind(to, "exception", ":exception-type", type, json); }

static inline void events_error(engine_text *to, const char *code, const char *message) {
    engine_text headers = { NULL, 0, 0 };
    events_string(&headers, ":message-type", "error");
    events_string(&headers, ":error-code", code);
    events_string(&headers, ":error-message", message);
    events_message(to, &headers, "", 0);
    engine_text_free(&headers);
}

/* A message of InvokeModel: an event of the model's own format in base64, and padding. */
static inline void events_chunk(engine_text *to, const char *padding, const char *json) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    engine_text payload = { NULL, 0, 0 };
    size_t len = strlen(json), i, k;
    engine_adds(&payload, "{\"bytes\":\"");
    for (i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        for (k = 0; k < 3; k++) bits = bits << 8 | (i + k < len ? (unsigned char)json[i + k] : 0);
        for (k = 0; k < 4; k++) engine_add(&payload, i + k > len ? "=" : &letters[bits >> (18 - 6 * k) & 63], 1);
    }
    engine_adds(&payload, "\",\"p\":\"");
    engine_adds(&payload, padding);
    engine_adds(&payload, "\"}");
    events_event(to, "chunk", payload.ptr);
    engine_text_free(&payload);
}

/* A stream written down as text: a line a message, "event TYPE JSON", "exception TYPE JSON", "error CODE SENTENCE", or
   "chunk PADDING JSON". */
static inline engine_text events_read(const char *p, size_t len) {
    engine_text to = { NULL, 0, 0 };
    const char *end = p + len;
    engine_add(&to, "", 0);
    while (p < end) {
        char line[65536], *kind = line, *type, *rest;
        const char *eol = (const char *)memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);
        if (n >= sizeof line) exit(3);
        memcpy(line, p, n);
        line[n] = 0;
        p += n + (eol ? 1 : 0);
        type = strchr(line, ' ');
        rest = type ? strchr(type + 1, ' ') : NULL;
        if (!rest) {
            if (n) test_fail("events", 1, "no message: %s", line);
            continue;
        }
        *type++ = *rest++ = 0;
        if (!strcmp(kind, "event")) events_event(&to, type, rest);
        else if (!strcmp(kind, "exception")) events_exception(&to, type, rest);
        else if (!strcmp(kind, "error")) events_error(&to, type, rest);
        else if (!strcmp(kind, "chunk")) events_chunk(&to, type, rest);
        else test_fail("events", 1, "no kind of message: %s", kind);
    }
    return to;
}

/* A stream of this library's own writing as text: a line a message, its type and its JSON. */
static inline engine_text events_text(const char *p, size_t len) {
    engine_text to = { NULL, 0, 0 };
    const unsigned char *at = (const unsigned char *)p, *end = at + len;
    engine_add(&to, "", 0);
    while (end - at >= 16) {
        size_t whole = (size_t)at[2] << 8 | at[3], headers = (size_t)at[6] << 8 | at[7];
        size_t name = at[12], type = (size_t)at[14 + name] << 8 | at[15 + name];          /* the first header says the type */
        if (whole > (size_t)(end - at) || headers + 16 > whole) exit(3);
        engine_add(&to, (const char *)at + 16 + name, type);
        engine_adds(&to, " ");
        engine_add(&to, (const char *)at + 12 + headers, whole - headers - 16);
        engine_adds(&to, "\n");
        at += whole;
    }
    return to;
}

#endif /* EVENTS_H */
