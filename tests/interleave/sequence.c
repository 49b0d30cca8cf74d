// SPDX-License-Identifier: MIT
#include "tests/interleave/sequence.h"

#include "kernel/lib/random.h"
#include "kernel/lib/string.h"

/* The digits of a sequence's number, base 7. The variant chooses the letters for some of them. */
enum kind { KIND_KMAP, KIND_KUNMAP, KIND_LOCAL, KIND_LOCAL_END, KIND_ACCESS, KIND_YIELD, KIND_INT };

#define PAGE_STEPS "mulodtewr" /* come for each page */
#define KEY_STEPS  "ghv"       /* come for each key */

struct sequence_variant sequence_variant(u32 n)
{
	return (struct sequence_variant){
		.interrupt = (u8)(n % SEQUENCE_INTERRUPTS),
		.local = (u8)(n / SEQUENCE_INTERRUPTS % SEQUENCE_LOCALS),
		.read = n / SEQUENCE_INTERRUPTS / SEQUENCE_LOCALS,
	};
}

struct pks_policy sequence_policy(u32 n)
{
	return (struct pks_policy){
		.mode = (enum pks_mode)(n / PKS_SCOPES / PKS_GATES),
		.gate = (enum pks_gate)(n / PKS_SCOPES % PKS_GATES),
		.scope = (enum pks_scope)(n % PKS_SCOPES),
	};
}

static char letter(u32 kind, struct sequence_variant variant, u32 *locals)
{
	switch ((enum kind)kind) {
	case KIND_KMAP:
		return STEP_KMAP;
	case KIND_KUNMAP:
		return STEP_KUNMAP;
	case KIND_LOCAL:
		if (variant.local == LOCAL_WRITES)
			return STEP_LOCAL;
		if (variant.local == LOCAL_READS)
			return STEP_LOCAL_READ;
		return (*locals)++ & 1 ? STEP_LOCAL : STEP_LOCAL_READ;
	case KIND_LOCAL_END:
		return STEP_LOCAL_END;
	case KIND_ACCESS:
		return variant.read ? STEP_READ : STEP_WRITE;
	case KIND_YIELD:
		return STEP_YIELD;
	case KIND_INT:
		break;
	}
	return (char)(STEP_INTERRUPT + variant.interrupt);
}

void sequence_get(u32 n, struct sequence_variant variant, char steps[SEQUENCE_LENGTH + 1])
{
	u32 locals = 0;

	for (u32 i = 0; i < SEQUENCE_LENGTH; i++, n /= SEQUENCE_KINDS)
		steps[i] = letter(n % SEQUENCE_KINDS, variant, &locals);
	steps[SEQUENCE_LENGTH] = '\0';
}

/* The letters of the wide sequences' kinds from KIND_INT + 1 on; upper case: of the other page. */
static const char wide_letters[] = "MULDWteTEgvx";
_Static_assert(sizeof(wide_letters) - 1 == WIDE_KINDS - SEQUENCE_KINDS, "one for each kind");

static void add_step(struct sequence *s, char step, enum model_page page)
{
	char *end = s->steps + strlen(s->steps);

	if (page == PAGE_OTHER)
		*end++ = '.';
	*end++ = page == PAGE_SECOND ? (char)(step - 'a' + 'A') : step;
	*end = '\0';
}

/* Mixes the number's bits, so that what is drawn from them does not go with its digits. */
static u32 mixed(u32 n)
{
	n = (n ^ n >> 15) * 0x2c1b3c6d;
	n = (n ^ n >> 12) * 0x297a2d39;
	return n ^ n >> 15;
}

void sequence_get_wide(u32 n, struct sequence *s)
{
	enum model_page other = n < WIDE_SEQUENCES / 2 ? PAGE_SECOND : PAGE_OTHER;
	u32 bits = mixed(n), digits = n;
	struct sequence_variant v = { .interrupt = (u8)(bits % STEP_INTERRUPTS),
				      .local = (u8)(bits >> 8) % SEQUENCE_LOCALS,
				      .read = bits & 1 << 16 };
	u32 locals = 0;

	s->steps[0] = '\0';
	for (u32 i = 0; i < WIDE_LENGTH; i++, digits /= WIDE_KINDS) {
		u32 kind = digits % WIDE_KINDS;
		char c = kind < SEQUENCE_KINDS ? '\0' : wide_letters[kind - SEQUENCE_KINDS];
		bool upper = c >= 'A' && c <= 'Z';

		if (upper)
			c = (char)(c - 'A' + 'a');
		if (!c || c == STEP_LOCAL || c == STEP_WRITE)
			c = letter(c == STEP_LOCAL   ? KIND_LOCAL
				   : c == STEP_WRITE ? KIND_ACCESS
						     : kind,
				   v, &locals);
		else if (c == STEP_GRANT && v.local == LOCAL_READS)
			c = STEP_GRANT_READ;
		add_step(s, c, upper ? other : PAGE_FIRST);
	}
}

void sequence_get_long(u64 seed, struct sequence *s)
{
	static const char rest[] = "yx123456";
	const u32 pages = sizeof(PAGE_STEPS) - 1, keys = sizeof(KEY_STEPS) - 1;
	struct random random;

	random_draw_from(&random, seed);
	s->steps[0] = '\0';
	for (u32 i = 0; i < LONG_LENGTH; i++) {
		u32 n = (u32)random_draw_below(&random, MODEL_PAGES * pages + MODEL_KEYS * keys +
								sizeof(rest) - 1);

		if (n < MODEL_PAGES * pages) {
			add_step(s, PAGE_STEPS[n % pages], (enum model_page)(n / pages));
			continue;
		}
		n -= MODEL_PAGES * pages;
		if (n < MODEL_KEYS * keys)
			add_step(s, KEY_STEPS[n % keys], n < keys ? PAGE_FIRST : PAGE_OTHER);
		else
			add_step(s, rest[n - MODEL_KEYS * keys], PAGE_FIRST);
	}
}

void sequence_keys(u32 n, struct sequence *s)
{
	u32 pair = mixed(~n) % SEQUENCE_KEY_PAIRS, other = pair % 15;

	s->key[0] = (u8)(1 + pair / 15);
	s->key[1] = (u8)(other + (other >= s->key[0]));
}

bool sequence_has_interrupt(const char *steps)
{
	for (; *steps; steps++)
		if (step_is_interrupt(*steps))
			return true;
	return false;
}

static bool is_one_of(char c, const char *letters)
{
	while (*letters && *letters != c)
		letters++;
	return *letters;
}

struct step step_next(const char **text)
{
	struct step step = { **text, PAGE_FIRST };

	if (step.letter == '.') {
		step = (struct step){ *++*text, PAGE_OTHER };
	} else if (step.letter >= 'A' && step.letter <= 'Z') {
		step = (struct step){ (char)(step.letter - 'A' + 'a'), PAGE_SECOND };
	}
	if (step.letter)
		++*text;
	return step;
}

/* The second page's key is the first one's, so its grants are too. */
static bool is_step(struct step step)
{
	if (is_one_of(step.letter, PAGE_STEPS))
		return true;
	if (is_one_of(step.letter, KEY_STEPS))
		return step.page != PAGE_SECOND;
	return step.page == PAGE_FIRST &&
	       (is_one_of(step.letter, "yx") || step_is_interrupt(step.letter));
}

/* Reads a number below 16 at *text; 16: there is none. */
static u8 read_key(const char **text)
{
	u32 key = 0, digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < 3; ++*text, digits++)
		key = key * 10 + (u32)(**text - '0');
	return digits && key < 16 ? (u8)key : 16;
}

/* Reads "@5,7", or nothing. */
static bool read_keys(const char *text, struct sequence *s)
{
	if (!*text)
		return true;
	text++;
	s->key[0] = read_key(&text);
	if (*text++ != ',')
		return false;
	s->key[1] = read_key(&text);
	return !*text && s->key[0] && s->key[0] < 16 && s->key[1] < 16 && s->key[0] != s->key[1];
}

const char *sequence_parse(const char *name, struct sequence *s)
{
	u32 opens = 0, n = 0;
	const char *end = name;

	*s = (struct sequence){ .key = { 1, 3 } };
	while (*end && *end != '@') {
		struct step step = step_next(&end);

		if (!is_step(step))
			return "a step is one of m u l o d t e w r (also M .m), g h v (also .g), "
			       "y x 1 2 3 4 5 6";
		opens += is_one_of(step.letter, "lotgh");
	}
	n = (u32)(end - name);
	if (!n)
		return "there is no step";
	if (n > SEQUENCE_MAX)
		return "more than 63 characters";
	if (opens > MODEL_NESTED)
		return "more than 16 maps and grants";
	memcpy(s->steps, name, n);
	return read_keys(end, s) ? NULL : "the keys are @1,0 to @14,15, two different ones";
}

const char *interrupt_program(char step)
{
	static const char *const programs[STEP_INTERRUPTS] = {
		"w",        /* has no map of its own */
		"lwdw",     /* maps for itself, then unmaps */
		"mw",       /* leaves a mark */
		"uw",       /* takes away a mark of a thread */
		"or",       /* leaves a local map open, which ends with the interrupt */
		"Ttweg.wW", /* asks for a thread's maps, which it does not get; leaves a grant open
			     */
	};

	return programs[step - STEP_INTERRUPT];
}
