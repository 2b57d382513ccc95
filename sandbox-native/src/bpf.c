/*
 * The second layer of mode root: programs of the kernel on the tree's cgroup that let connect and sendmsg name loopback and the addresses of `egress` alone, and
 * count. They stay attached until the cgroup is removed, so what outlives the launcher is held by them too. Kernel: bpf(2), include/uapi/linux/bpf.h.
 */
#include <linux/bpf.h>

#include "numbers.h"
#include "steps.h"

#define FAMILY_4 4
#define FAMILY_6 6
#define PROGRAM_MAX 96
/* Beside the profile's: 127.0.0.0/8, 0.0.0.0 (which means this machine), ::1, ::. */
#define ALWAYS 4

/* What the allowlist is searched by. The port comes first, so that one search with it and one with port 0 see every entry, however their prefixes lie. */
struct allow_key {
  uint32_t prefix;
  uint16_t port; /* network order; 0: any */
  uint16_t family;
  unsigned char address[16]; /* of version 4: the first four */
};
#define KEY_FIXED_BITS 32

struct program {
  struct bpf_insn code[PROGRAM_MAX];
  size_t length;
};

static void emit(struct program *program, uint8_t code, uint8_t target, uint8_t source, int16_t offset, int32_t immediate) {
  struct bpf_insn instruction = {code, target & 15, source & 15, offset, immediate};
  if (program->length < PROGRAM_MAX) program->code[program->length] = instruction;
  program->length++;
}

static void set(struct program *p, uint8_t target, int32_t value) { emit(p, BPF_ALU64 | BPF_MOV | BPF_K, target, 0, 0, value); }
static void copy(struct program *p, uint8_t target, uint8_t source) { emit(p, BPF_ALU64 | BPF_MOV | BPF_X, target, source, 0, 0); }
static void add(struct program *p, uint8_t target, int32_t value) { emit(p, BPF_ALU64 | BPF_ADD | BPF_K, target, 0, 0, value); }
static void load(struct program *p, uint8_t size, uint8_t target, uint8_t source, int16_t offset) {
  emit(p, BPF_LDX | BPF_MEM | size, target, source, offset, 0);
}
static void store(struct program *p, uint8_t size, int16_t offset, uint8_t source) { emit(p, BPF_STX | BPF_MEM | size, BPF_REG_10, source, offset, 0); }
static void store_number(struct program *p, uint8_t size, int16_t offset, int32_t value) { emit(p, BPF_ST | BPF_MEM | size, BPF_REG_10, 0, offset, value); }
static void load_map(struct program *p, uint8_t target, int map) {
  emit(p, BPF_LD | BPF_DW | BPF_IMM, target, BPF_PSEUDO_MAP_FD, 0, map);
  emit(p, 0, 0, 0, 0, 0);
}
static void call(struct program *p, int function) { emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, function); }
static void leave_program(struct program *p) { emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

/* A jump forward, whose aim is where `land` is called. */
static size_t jump_if(struct program *p, uint8_t operation, uint8_t target, int32_t value) {
  emit(p, (uint8_t)(BPF_JMP | operation | BPF_K), target, 0, 0, value);
  return p->length - 1;
}
static void land(struct program *p, size_t from) {
  if (from < PROGRAM_MAX && p->length <= PROGRAM_MAX) p->code[from].off = (int16_t)(p->length - from - 1);
}

#define KEY_AT (-24) /* struct allow_key on the stack, 24 bytes */
#define INDEX_AT (-32)
#define ADDR4 ((int16_t)offsetof(struct bpf_sock_addr, user_ip4))
#define ADDR6(word) ((int16_t)(offsetof(struct bpf_sock_addr, user_ip6) + 4 * (word)))
#define KEY(field) ((int16_t)(KEY_AT + (int16_t)offsetof(struct allow_key, field)))

/* The key of the address that the call names. One of version 4 in a version 6 socket (::ffff:a.b.c.d) is what it stands for. */
static void fill_key(struct program *p, bool six) {
  store_number(p, BPF_W, KEY(prefix), 8 * (int32_t)(sizeof(struct allow_key) - 4));
  load(p, BPF_W, BPF_REG_7, BPF_REG_6, offsetof(struct bpf_sock_addr, user_port));
  store(p, BPF_H, KEY(port), BPF_REG_7);
  for (int16_t at = 0; at < 16; at = (int16_t)(at + 4)) store_number(p, BPF_W, (int16_t)(KEY(address) + at), 0);
  if (!six) {
    store_number(p, BPF_H, KEY(family), FAMILY_4);
    load(p, BPF_W, BPF_REG_1, BPF_REG_6, ADDR4);
    store(p, BPF_W, KEY(address), BPF_REG_1);
    return;
  }
  for (int16_t word = 0; word < 4; word++) load(p, BPF_W, (uint8_t)(BPF_REG_1 + word), BPF_REG_6, ADDR6(word));
  size_t plain[3];
  plain[0] = jump_if(p, BPF_JNE, BPF_REG_1, 0);
  plain[1] = jump_if(p, BPF_JNE, BPF_REG_2, 0);
  copy(p, BPF_REG_5, BPF_REG_3);
  emit(p, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_5, 0, 0, 32);
  plain[2] = jump_if(p, BPF_JNE, BPF_REG_5, 0xffff);
  store_number(p, BPF_H, KEY(family), FAMILY_4);
  store(p, BPF_W, KEY(address), BPF_REG_4);
  size_t done = jump_if(p, BPF_JA, 0, 0);
  for (size_t at = 0; at < 3; at++) land(p, plain[at]);
  store_number(p, BPF_H, KEY(family), FAMILY_6);
  for (int16_t word = 0; word < 4; word++) store(p, BPF_W, (int16_t)(KEY(address) + 4 * word), (uint8_t)(BPF_REG_1 + word));
  land(p, done);
}

static void search(struct program *p, int map) {
  load_map(p, BPF_REG_1, map);
  copy(p, BPF_REG_2, BPF_REG_10);
  add(p, BPF_REG_2, KEY_AT);
  call(p, BPF_FUNC_map_lookup_elem);
}

/* r8 is the verdict, 1 to let go on; counts[first] or counts[first + 1] is raised. */
static void address_program(struct program *p, bool six, int allowed, int counts, int first) {
  p->length = 0;
  copy(p, BPF_REG_6, BPF_REG_1);
  set(p, BPF_REG_8, 1);
  fill_key(p, six);
  search(p, allowed);
  size_t found = jump_if(p, BPF_JNE, BPF_REG_0, 0);
  store_number(p, BPF_H, KEY(port), 0);
  search(p, allowed);
  size_t found_any = jump_if(p, BPF_JNE, BPF_REG_0, 0);
  set(p, BPF_REG_8, 0);
  land(p, found);
  land(p, found_any);

  set(p, BPF_REG_7, first + 1);
  emit(p, BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_7, BPF_REG_8, 0, 0);
  store(p, BPF_W, INDEX_AT, BPF_REG_7);
  load_map(p, BPF_REG_1, counts);
  copy(p, BPF_REG_2, BPF_REG_10);
  add(p, BPF_REG_2, INDEX_AT);
  call(p, BPF_FUNC_map_lookup_elem);
  size_t none = jump_if(p, BPF_JEQ, BPF_REG_0, 0);
  set(p, BPF_REG_1, 1);
  emit(p, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD);
  land(p, none);
  copy(p, BPF_REG_0, BPF_REG_8);
  leave_program(p);
}

/* Sockets of the internet families: TCP streams and UDP datagrams alone, since raw, ICMP, MPTCP and SCTP ones reach the network past the hooks above. */
static void socket_program(struct program *p) {
  p->length = 0;
  load(p, BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_sock, type));
  load(p, BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct bpf_sock, protocol));
  set(p, BPF_REG_0, 1);
  size_t not_stream = jump_if(p, BPF_JNE, BPF_REG_2, 1);
  size_t tcp = jump_if(p, BPF_JEQ, BPF_REG_3, 6);
  land(p, not_stream);
  size_t other = jump_if(p, BPF_JNE, BPF_REG_2, 2);
  size_t udp = jump_if(p, BPF_JEQ, BPF_REG_3, 17);
  land(p, other);
  set(p, BPF_REG_0, 0);
  land(p, tcp);
  land(p, udp);
  leave_program(p);
}

static long bpf(int command, union bpf_attr *attributes) { return sys(__NR_bpf, command, attributes, sizeof *attributes); }

static long make_map(int type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_type = (uint32_t)type;
  attributes.key_size = key;
  attributes.value_size = value;
  attributes.max_entries = entries;
  attributes.map_flags = flags;
  return bpf(BPF_MAP_CREATE, &attributes);
}

static long allow(int map, uint16_t family, const unsigned char *address, unsigned prefix, uint16_t port) {
  struct allow_key key;
  memset(&key, 0, sizeof key);
  key.prefix = KEY_FIXED_BITS + prefix;
  key.port = (uint16_t)(port << 8 | port >> 8);
  key.family = family;
  memcpy(key.address, address, family == FAMILY_4 ? 4 : 16);
  unsigned char value = 1;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_fd = (uint32_t)map;
  attributes.key = (unsigned long)&key;
  attributes.value = (unsigned long)&value;
  return bpf(BPF_MAP_UPDATE_ELEM, &attributes);
}

static long fill_allowed(int map, const struct profile *profile) {
  static const unsigned char LOOPBACK[4] = {127}, NOTHING[16], LOOPBACK_6[16] = {[15] = 1}, MAPPED[12] = {[10] = 0xff, [11] = 0xff};
  long error = allow(map, FAMILY_4, LOOPBACK, 8, 0);
  if (error == 0) error = allow(map, FAMILY_4, NOTHING, 32, 0);
  if (error == 0) error = allow(map, FAMILY_6, LOOPBACK_6, 128, 0);
  if (error == 0) error = allow(map, FAMILY_6, NOTHING, 128, 0);
  for (size_t at = 0; error == 0 && at < profile->egress_count; at++) {
    const struct egress *entry = &profile->egress[at];
    if (entry->bytes == 4) error = allow(map, FAMILY_4, entry->address, entry->prefix, entry->port);
    else if (entry->prefix >= 96 && memcmp(entry->address, MAPPED, 12) == 0)
      error = allow(map, FAMILY_4, entry->address + 12, entry->prefix - 96u, entry->port);
    else error = allow(map, FAMILY_6, entry->address, entry->prefix, entry->port);
  }
  return error;
}

static long load_program(const struct program *program, uint32_t type, uint32_t attach) {
  union bpf_attr attributes;
  if (program->length > PROGRAM_MAX) return -7; /* E2BIG */
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = type;
  attributes.expected_attach_type = attach;
  attributes.insns = (unsigned long)program->code;
  attributes.insn_cnt = (uint32_t)program->length;
  attributes.license = (unsigned long)"MIT";
  return bpf(BPF_PROG_LOAD, &attributes);
}

/* Beside the programs of others (BPF_F_ALLOW_MULTI): each of them has to agree. */
static long attach_program(const struct program *program, uint32_t type, uint32_t attach, int cgroup) {
  long fd = load_program(program, type, attach);
  if (fd < 0) return fd;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)fd;
  attributes.attach_type = attach;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  long error = bpf(BPF_PROG_ATTACH, &attributes);
  sys(__NR_close, fd);
  return error;
}

static long attach_all(int cgroup, int allowed, int counts) {
  static struct program program;
  static const struct {
    uint32_t attach;
    bool six;
    int first;
  } HOOKS[] = {{BPF_CGROUP_INET4_CONNECT, false, 0}, {BPF_CGROUP_INET6_CONNECT, true, 0}, {BPF_CGROUP_UDP4_SENDMSG, false, 2}, {BPF_CGROUP_UDP6_SENDMSG, true, 2}};
  long error = 0;
  for (size_t at = 0; error == 0 && at < sizeof HOOKS / sizeof HOOKS[0]; at++) {
    address_program(&program, HOOKS[at].six, allowed, counts, HOOKS[at].first);
    error = attach_program(&program, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, HOOKS[at].attach, cgroup);
  }
  if (error < 0) return error;
  socket_program(&program);
  return attach_program(&program, BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, cgroup);
}

static void absent(struct layers *layers, const char *what, long error) {
  struct text why = {layers->why[LAYER_BPF], 0, sizeof layers->why[0], false};
  put(&why, what);
  if (error == 0) return;
  put(&why, ": ");
  put(&why, error_name(error));
}

long bpf_attach(const struct profile *profile, struct layers *layers, const struct cgroup *cgroup, struct bpf *state, struct text *fault) {
  (void)fault;
  state->counts = -1;
  if (profile->mode != MODE_ROOT || profile->egress_count == 0) return 0;
  if (cgroup->v2 < 0) {
    absent(layers, "no cgroup of version 2 could be made for the hooks", 0);
    return 0;
  }
  long allowed = make_map(BPF_MAP_TYPE_LPM_TRIE, sizeof(struct allow_key), 1, PROFILE_MAX_EGRESS + ALWAYS, BPF_F_NO_PREALLOC);
  if (allowed < 0) {
    absent(layers, "making the list of addresses", allowed);
    return 0;
  }
  long counts = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0);
  long error = counts < 0 ? counts : fill_allowed((int)allowed, profile);
  if (error >= 0) error = attach_all(cgroup->v2, (int)allowed, (int)counts);
  sys(__NR_close, allowed);
  if (error < 0) {
    if (counts >= 0) sys(__NR_close, counts);
    absent(layers, "attaching programs to the cgroup", error);
    return 0;
  }
  state->counts = (int)counts;
  enforce(layers, LAYER_BPF);
  return 0;
}

void bpf_counts(const struct bpf *state, unsigned long long counts[4]) {
  for (uint32_t at = 0; at < 4; at++) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    counts[at] = 0;
    if (state->counts < 0) continue;
    attributes.map_fd = (uint32_t)state->counts;
    attributes.key = (unsigned long)&at;
    attributes.value = (unsigned long)&counts[at];
    bpf(BPF_MAP_LOOKUP_ELEM, &attributes);
  }
}
