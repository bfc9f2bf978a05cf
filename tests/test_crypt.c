/* >>crypt: published vectors, and the same in every cut. */
#include "test.h"

static void crypt_unhex(unsigned char *to, const char *hex) {
    for (; *hex; hex += 2) {
        unsigned byte;
        if (sscanf(hex, "%2x", &byte) != 1) exit(3);
        *to++ = (unsigned char)byte;
    }
}

// -- CRC-32 --------------------------------------------------------------------------------

/* Bit by bit, as the standard defines it. */
static uint32_t crypt_slow_crc(const unsigned char *p, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;
    int bit;
    while (len--)
        for (crc ^= *p++, bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    return ~crc;
}

TEST(crypt_crc_has_its_check_value) {
    CHECK_INT(llmprov__crypt_crc(0, "123456789", 9), 0xCBF43926u);
    CHECK_INT(llmprov__crypt_crc(0, "", 0), 0);
    CHECK_INT(llmprov__crypt_crc(0, "The quick brown fox jumps over the lazy dog", 43), 0x414FA339u);
}

TEST(crypt_crc_is_that_of_single_bits) {
    unsigned char bytes[300];
    size_t i, len, cut;
    for (i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(test_random() >> 32);
    for (len = 0; len < 80; len++) CHECK_INT(llmprov__crypt_crc(0, bytes + len % 5, len), crypt_slow_crc(bytes + len % 5, len));
    for (cut = 0; cut <= sizeof bytes; cut++)
        CHECK_INT(llmprov__crypt_crc(llmprov__crypt_crc(0, bytes, cut), bytes + cut, sizeof bytes - cut), crypt_slow_crc(bytes, sizeof bytes));
    for (i = 0; i < 256; i++) {
        bytes[0] = (unsigned char)i;
        CHECK_INT(llmprov__crypt_crc(0, bytes, 1), crypt_slow_crc(bytes, 1));
        CHECK_INT(llmprov__crypt_crc(0, bytes, 8), crypt_slow_crc(bytes, 8));
    }
}

// -- SHA-256: FIPS 180-4 and NIST's CAVP -----------------------------------------------------

static void crypt_sha_is(const void *text, size_t len, const char *expected) {
    unsigned char hash[32];
    char hex[65];
    llmprov__crypt_sha256(hash, text, len);
    llmprov__crypt_hex(hex, hash, sizeof hash);
    CHECK_STR(hex, expected);
}

TEST(crypt_sha256_of_published_texts) {
    static char million[1000000];
    static const unsigned char bd = 0xBD;
    memset(million, 'a', sizeof million);
    crypt_sha_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypt_sha_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypt_sha_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    crypt_sha_is("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 112,
                 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    crypt_sha_is(million, sizeof million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    crypt_sha_is(&bd, 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

TEST(crypt_sha256_in_any_pieces) {
    unsigned char bytes[400], whole[32], pieces[32];
    size_t len, at, n, i;
    int way;
    for (i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(test_random() >> 32);
    for (len = 0; len <= sizeof bytes; len += len < 140 ? 1 : 13) {
        llmprov__crypt_sha256(whole, bytes, len);
        for (way = 1; way < 6; way++) {
            llmprov__crypt_sha s;
            llmprov__crypt_sha_begin(&s);
            for (at = 0; at < len; at += n) llmprov__crypt_sha_add(&s, bytes + at, n = test_cut(way, len - at));
            llmprov__crypt_sha_end(&s, pieces);
            CHECK_MEM(pieces, 32, whole, 32);
        }
    }
}

// -- HMAC-SHA-256: RFC 4231 ------------------------------------------------------------------

static void crypt_hmac_is(const void *key, size_t key_len, const void *text, size_t len, const char *expected) {
    unsigned char mac[32];
    char hex[65];
    llmprov__crypt_hmac(mac, key, key_len, text, len);
    llmprov__crypt_hex(hex, mac, sizeof mac);
    CHECK_STR(hex, expected);
}

TEST(crypt_hmac_of_rfc_4231) {
    unsigned char key[131], text[50];
    memset(key, 0x0b, 20);
    crypt_hmac_is(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypt_hmac_is("Jefe", 4, "what do ya want for nothing?", 28, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(text, 0xdd, sizeof text);
    crypt_hmac_is(key, 20, text, sizeof text, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    crypt_hmac_is(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    crypt_hmac_is(key, sizeof key, "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
                  "be hashed before being used by the HMAC algorithm.", 152, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    crypt_unhex(key, "0102030405060708090a0b0c0d0e0f10111213141516171819");
    memset(text, 0xcd, sizeof text);
    crypt_hmac_is(key, 25, text, sizeof text, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    crypt_hmac_is("", 0, "", 0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(crypt_hex_of_every_byte) {
    unsigned char bytes[256];
    char hex[513];
    int i;
    for (i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
    llmprov__crypt_hex(hex, bytes, sizeof bytes);
    CHECK_INT(strlen(hex), 512);
    CHECK_TEXT(hex, 10, "0001020304");
    CHECK_TEXT(hex + 502, 10, "fbfcfdfeff");
    llmprov__crypt_hex(hex, bytes, 0);
    CHECK_STR(hex, "");
}
