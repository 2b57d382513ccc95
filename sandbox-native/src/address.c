/* Addresses as a profile names them: dotted IPv4 and the forms of RFC 4291 section 2.2 without an embedded IPv4 address. */
#include "parse.h"

static bool parse_v4(const char *s, unsigned char *address) {
  for (int part = 0; part < 4; part++) {
    char digits[4];
    size_t length = 0;
    while (*s >= '0' && *s <= '9' && length < 3) digits[length++] = *s++;
    digits[length] = 0;
    long long value;
    if (!parse_number(digits, &value) || value > 255) return false;
    address[part] = (unsigned char)value;
    if (*s != (part == 3 ? 0 : '.')) return false;
    s++;
  }
  return true;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* One group of one to four digits; the bytes read, 0 for none. */
static size_t parse_group(const char *s, unsigned *value) {
  size_t length = 0;
  *value = 0;
  while (length < 4 && hex_digit(s[length]) >= 0) *value = *value * 16 + (unsigned)hex_digit(s[length++]);
  return length;
}

static bool parse_v6(const char *s, unsigned char *address) {
  unsigned groups[8];
  size_t count = 0, gap = 9;
  if (s[0] == ':' && s[1] != ':') return false;
  while (*s != 0) {
    if (s[0] == ':' && s[1] == ':') {
      if (gap != 9) return false;
      gap = count;
      s += 2;
      continue;
    }
    if (*s == ':') s++;
    if (count == 8) return false;
    size_t length = parse_group(s, &groups[count]);
    if (length == 0) return false;
    count++;
    s += length;
    if (*s != 0 && *s != ':') return false;
  }
  if (gap == 9 ? count != 8 : count > 7) return false;
  for (size_t at = 0; at < 16; at++) address[at] = 0;
  for (size_t at = 0; at < count; at++) {
    size_t place = at < gap ? at : at + 8 - count;
    address[place * 2] = (unsigned char)(groups[at] >> 8);
    address[place * 2 + 1] = (unsigned char)groups[at];
  }
  return true;
}

static char *cut_at(char *s, char separator) {
  for (; *s != 0; s++)
    if (*s == separator) {
      *s = 0;
      return s + 1;
    }
  return NULL;
}

bool parse_egress(char *value, struct egress *egress) {
  char *port = cut_at(value, ' ');
  char *prefix = cut_at(value, '/');
  long long number = 0;
  if (port != NULL && (!parse_number(port, &number) || number < 1 || number > 65535)) return false;
  egress->port = (unsigned short)number;
  if (parse_v4(value, egress->address)) egress->bytes = 4;
  else if (parse_v6(value, egress->address)) egress->bytes = 16;
  else return false;
  number = egress->bytes * 8;
  if (prefix != NULL && (!parse_number(prefix, &number) || number > egress->bytes * 8)) return false;
  egress->prefix = (unsigned char)number;
  for (size_t bit = egress->prefix; bit < egress->bytes * 8U; bit++)
    if ((egress->address[bit / 8] & (0x80 >> (bit % 8))) != 0) return false;
  return true;
}
