#include "text.h"

size_t length_of(const char *s) {
  size_t length = 0;
  while (s[length] != 0) length++;
  return length;
}

bool same(const char *a, const char *b) {
  size_t length = length_of(a);
  return length == length_of(b) && memcmp(a, b, length) == 0;
}

bool begins(const char *s, const char *prefix) {
  size_t length = length_of(prefix);
  return length <= length_of(s) && memcmp(s, prefix, length) == 0;
}

void put_bytes(struct text *text, const char *bytes, size_t length) {
  size_t room = text->capacity - 1 - text->length;
  if (length > room) {
    length = room;
    text->full = true;
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

void put(struct text *text, const char *s) { put_bytes(text, s, length_of(s)); }

void put_number(struct text *text, long long number) {
  char digits[24];
  size_t at = sizeof digits;
  unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0) digits[--at] = '-';
  put_bytes(text, digits + at, sizeof digits - at);
}

/* Length of the well-formed UTF-8 sequence at `s` (Unicode 15, table 3-7), 0 for none. */
static size_t sequence_at(const unsigned char *s) {
  unsigned char first = s[0];
  if (first < 0x80) return 1;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (s[1] < low || s[1] > high) return 0;
  for (size_t at = 2; at < length; at++)
    if ((s[at] & 0xc0) != 0x80) return 0;
  return length;
}

bool is_utf8(const char *s) {
  for (size_t length; *s != 0; s += length) {
    length = sequence_at((const unsigned char *)s);
    if (length == 0) return false;
  }
  return true;
}

void put_json(struct text *text, const char *s) {
  static const char HEX[] = "0123456789abcdef";
  put(text, "\"");
  for (const unsigned char *at = (const unsigned char *)s; *at != 0;) {
    size_t length = sequence_at(at);
    if (length == 0) {
      put(text, "\\ufffd");
      at++;
    } else if (*at < 0x20 || *at == '"' || *at == '\\') {
      char escaped[7] = {'\\', 'u', '0', '0', HEX[*at >> 4], HEX[*at & 15], 0};
      put(text, escaped);
      at++;
    } else {
      put_bytes(text, (const char *)at, length);
      at += length;
    }
  }
  put(text, "\"");
}

bool parse_number(const char *s, long long *number) {
  unsigned long long value = 0;
  if (*s == 0 || (*s == '0' && s[1] != 0)) return false;
  for (; *s != 0; s++) {
    if (*s < '0' || *s > '9') return false;
    unsigned long long digit = (unsigned long long)(*s - '0');
    if (value > (0x7fffffffffffffffULL - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *number = (long long)value;
  return true;
}

long write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    long written = sys(__NR_write, fd, bytes, length);
    if (written == -4) continue; /* EINTR */
    if (written < 0) return written;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

void say(const char *s) { write_all(2, s, length_of(s)); }
