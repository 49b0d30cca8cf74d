/* SPDX-License-Identifier: MIT */
/* The rows of ordinary instructions, KINDS_PLAIN; kinds.h says what a row's columns are. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_KINDS_PLAIN_H
#define KEYWARD_TESTS_MATRIX_KINDS_PLAIN_H

/* clang-format off */
/* One instruction of each sort. */
#define KINDS_SIMPLE(K)                                                                           \
	K(READ,      read,      "read",      PLAIN, READ,   4, KF_SPAN | KF_VALUE, NOTHING)       \
	K(WRITE,     write,     "write",     PLAIN, WRITE,  4, KF_SPAN,            NOTHING)       \
	K(ADD,       add,       "add",       PLAIN, MODIFY, 4, KF_SPAN,            NOTHING)       \
	K(LOCK_ADD,  lock_add,  "lock-add",  PLAIN, MODIFY, 4, KF_SPAN | KF_LOCK, NOTHING)        \
	K(XCHG,      xchg,      "xchg",      PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE | KF_LOCK, NOTHING) \
	K(CMPXCHG,   cmpxchg,   "cmpxchg",   PLAIN, MODIFY, 4, KF_LOCK, NOTHING)                  \
	K(LODS,      lods,      "lods",      PLAIN, READ,   4, KF_VALUE,           NOTHING)       \
	K(STOS,      stos,      "stos",      PLAIN, WRITE,  4, 0,                  NOTHING)       \
	K(REP_STOS,  rep_stos,  "rep-stos",  PLAIN, WRITE,  4, 0,                  NOTHING)       \
	K(FETCH,     fetch,     "fetch",     CODE,  FETCH,  1, 0,                  NOTHING)

/* Loads, stores and modifications: widths, and forms with a way of their own. */
#define KINDS_WIDTH(K)                                                                            \
	K(READ_8, read_8, "read-8", PLAIN, READ, 1, KF_VALUE, NOTHING)                            \
	K(READ_16, read_16, "read-16", PLAIN, READ, 2, KF_SPAN | KF_VALUE, NOTHING)               \
	K(READ_64, read_64, "read-64", PLAIN, READ, 8, KF_SPAN | KF_VALUE | KF_ONLY_64, NOTHING)  \
	K(WRITE_8, write_8, "write-8", PLAIN, WRITE, 1, 0, NOTHING)                               \
	K(WRITE_16, write_16, "write-16", PLAIN, WRITE, 2, KF_SPAN, NOTHING)                      \
	K(WRITE_64, write_64, "write-64", PLAIN, WRITE, 8, KF_SPAN | KF_ONLY_64, NOTHING)         \
	K(ADD_8, add_8, "add-8", PLAIN, MODIFY, 1, 0, NOTHING)                                    \
	K(ADD_16, add_16, "add-16", PLAIN, MODIFY, 2, KF_SPAN, NOTHING)                           \
	K(ADD_64, add_64, "add-64", PLAIN, MODIFY, 8, KF_SPAN | KF_ONLY_64, NOTHING)              \
	K(LOCK_ADD_8, lock_add_8, "lock-add-8", PLAIN, MODIFY, 1, KF_LOCK, NOTHING)               \
	K(LOCK_ADD_16, lock_add_16, "lock-add-16", PLAIN, MODIFY, 2, KF_SPAN | KF_LOCK, NOTHING)  \
	K(LOCK_ADD_64, lock_add_64, "lock-add-64", PLAIN, MODIFY, 8, KF_SPAN | KF_ONLY_64 | KF_LOCK, NOTHING) \
	K(XCHG_8, xchg_8, "xchg-8", PLAIN, MODIFY, 1, KF_VALUE | KF_LOCK, NOTHING)                \
	K(XCHG_64, xchg_64, "xchg-64", PLAIN, MODIFY, 8, KF_SPAN | KF_VALUE | KF_ONLY_64 | KF_LOCK, NOTHING) \
	K(WRITE_IMM, write_imm, "write-imm", PLAIN, WRITE, 4, KF_SPAN, NOTHING)                   \
	K(MOVBE_READ, movbe_read, "movbe-read", PLAIN, READ, 4, KF_SPAN | KF_VALUE, MOVBE)        \
	K(MOVBE_WRITE, movbe_write, "movbe-write", PLAIN, WRITE, 4, KF_SPAN, MOVBE)               \
	K(READ_FS, read_fs, "read-fs", PLAIN, READ, 4, KF_SPAN | KF_VALUE | KF_ONLY_64, NOTHING)  \
	K(XLAT, xlat, "xlat", PLAIN, READ, 1, 0, NOTHING)                                         \
	K(MOVNTI, movnti, "movnti", PLAIN, WRITE, 4, KF_SPAN, NOTHING)                            \
	K(MOVDIRI, movdiri, "movdiri", PLAIN, WRITE, 4, KF_SPAN, MOVDIRI)

/* What an instruction computes, and bit strings that begin in another page. */
#define KINDS_ALU(K)                                                                              \
	K(ADD_FROM, add_from, "add-from", PLAIN, READ, 4, KF_SPAN | KF_VALUE, NOTHING)            \
	K(CMP, cmp, "cmp", PLAIN, READ, 4, KF_SPAN, NOTHING)                                      \
	K(TEST, test, "test", PLAIN, READ, 4, KF_SPAN, NOTHING)                                   \
	K(INC, inc, "inc", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                                    \
	K(NOT, not, "not", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                                    \
	K(LOCK_NOT, lock_not, "lock-not", PLAIN, MODIFY, 4, KF_SPAN | KF_LOCK, NOTHING)           \
	K(NEG, neg, "neg", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                                    \
	K(LOCK_NEG, lock_neg, "lock-neg", PLAIN, MODIFY, 4, KF_SPAN | KF_LOCK, NOTHING)           \
	K(ADC, adc, "adc", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                                    \
	K(LOCK_ADC, lock_adc, "lock-adc", PLAIN, MODIFY, 4, KF_SPAN | KF_LOCK, NOTHING)           \
	K(SHL, shl, "shl", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                                    \
	K(XADD, xadd, "xadd", PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE, NOTHING)                      \
	K(LOCK_XADD, lock_xadd, "lock-xadd", PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE | KF_LOCK, NOTHING) \
	K(CMPXCHG_BARE, cmpxchg_bare, "cmpxchg-bare", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)         \
	K(CMPXCHG_FAIL, cmpxchg_fail, "cmpxchg-fail", PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE | KF_LOCK, NOTHING) \
	K(CMPXCHG_BARE_FAIL, cmpxchg_bare_fail, "cmpxchg-bare-fail", PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE, NOTHING) \
	K(CMPXCHG8B, cmpxchg8b, "cmpxchg8b", PLAIN, MODIFY, 8, KF_SPAN | KF_LOCK, NOTHING)        \
	K(CMPXCHG8B_FAIL, cmpxchg8b_fail, "cmpxchg8b-fail", PLAIN, MODIFY, 8, KF_SPAN | KF_VALUE | KF_LOCK, NOTHING) \
	K(CMPXCHG16B, cmpxchg16b, "cmpxchg16b", PLAIN, MODIFY, 16, KF_ONLY_64 | KF_LOCK, CMPXCHG16B) \
	K(CMPXCHG16B_FAIL, cmpxchg16b_fail, "cmpxchg16b-fail", PLAIN, MODIFY, 16, KF_ONLY_64 | KF_VALUE | KF_LOCK, CMPXCHG16B) \
	K(BT_FAR, bt_far, "bt-far", PLAIN, READ, 4, KF_SPAN | KF_VALUE, NOTHING)                  \
	K(BTS_FAR, bts_far, "bts-far", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)                        \
	K(LOCK_BTS_FAR, lock_bts_far, "lock-bts-far", PLAIN, MODIFY, 4, KF_SPAN | KF_LOCK, NOTHING) \
	K(BTC_BEFORE, btc_before, "btc-before", PLAIN, MODIFY, 4, KF_SPAN, NOTHING)

/* Vectors, masked ones, x87, and areas of state. */
#define KINDS_VECTOR(K)                                                                           \
	K(READ_128, read_128, "read-128", PLAIN, READ, 16, KF_SPAN | KF_VALUE | KF_VECTOR, NOTHING) \
	K(READ_128A, read_128a, "read-128a", PLAIN, READ, 16, KF_VALUE | KF_VECTOR, NOTHING)      \
	K(READ_256, read_256, "read-256", PLAIN, READ, 32, KF_SPAN | KF_VALUE | KF_VECTOR, AVX)   \
	K(READ_256A, read_256a, "read-256a", PLAIN, READ, 32, KF_VALUE | KF_VECTOR, AVX)          \
	K(READ_512, read_512, "read-512", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_VECTOR, AVX512) \
	K(WRITE_128, write_128, "write-128", PLAIN, WRITE, 16, KF_SPAN | KF_PARTS | KF_VECTOR, NOTHING) \
	K(WRITE_128A, write_128a, "write-128a", PLAIN, WRITE, 16, KF_VECTOR, NOTHING)             \
	K(WRITE_256, write_256, "write-256", PLAIN, WRITE, 32, KF_SPAN | KF_PARTS | KF_VECTOR, AVX) \
	K(WRITE_256A, write_256a, "write-256a", PLAIN, WRITE, 32, KF_VECTOR, AVX)                 \
	K(WRITE_512, write_512, "write-512", PLAIN, WRITE, 64, KF_SPAN | KF_PARTS | KF_VECTOR, AVX512) \
	K(MOVNTDQ, movntdq, "movntdq", PLAIN, WRITE, 16, KF_VECTOR, NOTHING)                      \
	K(MOVNTDQA, movntdqa, "movntdqa", PLAIN, READ, 16, KF_VALUE | KF_VECTOR, SSE41)           \
	K(MASKMOVDQU, maskmovdqu, "maskmovdqu", PLAIN, WRITE, 16, KF_SPAN | KF_PARTS | KF_VECTOR, NOTHING) \
	K(MASK_READ, mask_read, "mask-read", PLAIN, READ, 32, KF_SPAN | KF_VALUE | KF_VECTOR | KF_LOWER, AVX2) \
	K(MASK_WRITE, mask_write, "mask-write", PLAIN, WRITE, 32, KF_SPAN | KF_VECTOR | KF_LOWER | KF_PARTS, AVX2) \
	K(MASK_READ_NONE, mask_read_none, "mask-read-none", PLAIN, NONE, 32, KF_SPAN | KF_VALUE | KF_VECTOR | KF_OPEN_AD, AVX2) \
	K(MASK_WRITE_NONE, mask_write_none, "mask-write-none", PLAIN, NONE, 32, KF_SPAN | KF_VECTOR | KF_OPEN_AD, AVX2) \
	K(GATHER, gather, "gather", PLAIN, READ, 16, KF_SPAN | KF_VALUE | KF_VECTOR, AVX2)        \
	K(GATHER_NONE, gather_none, "gather-none", PLAIN, NONE, 16, KF_SPAN | KF_VALUE | KF_VECTOR | KF_OPEN_AD, AVX2) \
	K(OPMASK_READ, opmask_read, "opmask-read", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_VECTOR | KF_LOWER, AVX512) \
	K(OPMASK_WRITE, opmask_write, "opmask-write", PLAIN, WRITE, 64, KF_SPAN | KF_VECTOR | KF_LOWER | KF_PARTS, AVX512) \
	K(OPMASK_READ_NONE, opmask_read_none, "opmask-read-none", PLAIN, NONE, 64, KF_SPAN | KF_VALUE | KF_VECTOR | KF_OPEN_AD, AVX512) \
	K(OPMASK_WRITE_NONE, opmask_write_none, "opmask-write-none", PLAIN, NONE, 64, KF_SPAN | KF_VECTOR | KF_OPEN_AD, AVX512) \
	K(FLD, fld, "fld", PLAIN, READ, 10, KF_SPAN, NOTHING)                                     \
	K(FSTP, fstp, "fstp", PLAIN, WRITE, 10, KF_SPAN | KF_PARTS, NOTHING)                      \
	K(FXRSTOR, fxrstor, "fxrstor", PLAIN, READ, 512, KF_SPAN | KF_VALUE | KF_VECTOR | KF_AREA, NOTHING) \
	K(FXSAVE, fxsave, "fxsave", PLAIN, WRITE, 512, KF_SPAN | KF_PARTS | KF_VECTOR | KF_AREA, NOTHING) \
	K(XRSTOR, xrstor, "xrstor", PLAIN, READ, 576, KF_SPAN | KF_VALUE | KF_VECTOR | KF_AREA, XSAVE) \
	K(XSAVE, xsave, "xsave", PLAIN, WRITE, 576, KF_SPAN | KF_PARTS | KF_VECTOR | KF_AREA, XSAVE) \
	K(XSAVEC, xsavec, "xsavec", PLAIN, WRITE, 576, KF_SPAN | KF_PARTS | KF_VECTOR | KF_AREA, XSAVEC)

/* A line without data; and what touches nothing. */
#define KINDS_LINE(K)                                                                             \
	K(CLFLUSH, clflush, "clflush", PLAIN, READ, 1, 0, CLFLUSH)                                \
	K(CLFLUSHOPT, clflushopt, "clflushopt", PLAIN, READ, 1, 0, CLFLUSHOPT)                    \
	K(CLWB, clwb, "clwb", PLAIN, READ, 1, 0, CLWB)                                            \
	K(MONITOR, monitor, "monitor", PLAIN, READ, 1, KF_ONLY_CPL0, MONITOR)                     \
	K(UMONITOR, umonitor, "umonitor", PLAIN, READ, 1, 0, WAITPKG)                             \
	K(LEA, lea, "lea", PLAIN, NONE, 4, 0, NOTHING)                                            \
	K(NOP, nop, "nop", PLAIN, NONE, 4, 0, NOTHING)                                            \
	K(INVLPG, invlpg, "invlpg", PLAIN, NONE, 1, KF_ONLY_CPL0, NOTHING)                        \
	K(PREFETCHT0, prefetcht0, "prefetcht0", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)               \
	K(PREFETCHT1, prefetcht1, "prefetcht1", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)               \
	K(PREFETCHT2, prefetcht2, "prefetcht2", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)               \
	K(PREFETCHNTA, prefetchnta, "prefetchnta", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)            \
	K(PREFETCHW, prefetchw, "prefetchw", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)                  \
	K(CLDEMOTE, cldemote, "cldemote", PLAIN, NONE, 1, KF_OPEN_A, NOTHING)

/* Strings: one element, 16 of them, none. */
#define KINDS_STRING(K)                                                                           \
	K(MOVS_FROM, movs_from, "movs-from", PLAIN, READ, 4, KF_SPAN | KF_VALUE | KF_STRING | KF_AT_RSI, NOTHING) \
	K(MOVS_TO, movs_to, "movs-to", PLAIN, WRITE, 4, KF_SPAN | KF_VALUE | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(CMPS_RSI, cmps_rsi, "cmps-rsi", PLAIN, READ, 4, KF_SPAN | KF_VALUE | KF_STRING | KF_AT_RSI, NOTHING) \
	K(CMPS_RDI, cmps_rdi, "cmps-rdi", PLAIN, READ, 4, KF_SPAN | KF_VALUE | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(SCAS, scas, "scas", PLAIN, READ, 4, KF_SPAN | KF_VALUE | KF_STRING, NOTHING)            \
	K(INS, ins, "ins", PLAIN, WRITE, 1, KF_VALUE | KF_STRING | KF_ONLY_CPL0, NOTHING)         \
	K(OUTS, outs, "outs", PLAIN, READ, 1, KF_VALUE | KF_STRING | KF_AT_RSI | KF_ONLY_CPL0, NOTHING) \
	K(REP_LODS, rep_lods, "rep-lods", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_AT_RSI, NOTHING) \
	K(REP_STOS_16, rep_stos_16, "rep-stos-16", PLAIN, WRITE, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING, NOTHING) \
	K(REP_STOS_DOWN, rep_stos_down, "rep-stos-down", PLAIN, WRITE, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_DOWN, NOTHING) \
	K(REP_MOVS_FROM, rep_movs_from, "rep-movs-from", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_AT_RSI, NOTHING) \
	K(REP_MOVS_TO, rep_movs_to, "rep-movs-to", PLAIN, WRITE, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(REP_MOVS_DOWN, rep_movs_down, "rep-movs-down", PLAIN, WRITE, 64, KF_SPAN | KF_VALUE | KF_REP | KF_DOWN | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(REP_CMPS_RSI, rep_cmps_rsi, "rep-cmps-rsi", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_AT_RSI, NOTHING) \
	K(REP_CMPS_RDI, rep_cmps_rdi, "rep-cmps-rdi", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(REP_SCAS, rep_scas, "rep-scas", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING, NOTHING) \
	K(REP_SCAS_DOWN, rep_scas_down, "rep-scas-down", PLAIN, READ, 64, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_DOWN, NOTHING) \
	K(REP_INS, rep_ins, "rep-ins", PLAIN, WRITE, 16, KF_SPAN | KF_VALUE | KF_REP | KF_STRING | KF_ONLY_CPL0, NOTHING) \
	K(REP_OUTS, rep_outs, "rep-outs", PLAIN, READ, 16, KF_SPAN | KF_VALUE | KF_REP | KF_ONLY_CPL0 | KF_STRING | KF_AT_RSI, NOTHING) \
	K(REP_STOS_0, rep_stos_0, "rep-stos-0", PLAIN, NONE, 4, KF_VALUE | KF_STRING, NOTHING)    \
	K(REP_MOVS_0, rep_movs_0, "rep-movs-0", PLAIN, NONE, 4, KF_VALUE | KF_STRING | KF_AT_RSI, NOTHING) \
	K(REP_CMPS_0, rep_cmps_0, "rep-cmps-0", PLAIN, NONE, 4, KF_VALUE | KF_STRING | KF_FROM_RSI, NOTHING) \
	K(MOVDIR64B_FROM, movdir64b_from, "movdir64b-from", PLAIN, READ, 64, KF_SPAN | KF_AT_RSI, MOVDIR64B) \
	K(MOVDIR64B_TO, movdir64b_to, "movdir64b-to", PLAIN, WRITE, 64, KF_FROM_RSI, MOVDIR64B)

#define KINDS_PLAIN(K)                                                                            \
	KINDS_SIMPLE(K) KINDS_WIDTH(K) KINDS_ALU(K) KINDS_VECTOR(K) KINDS_LINE(K) KINDS_STRING(K)
/* clang-format on */

#endif
