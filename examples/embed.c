/* Plimsoll from C: an exchange with two accounts, trades, its book and events read, mistakes made on purpose, a snapshot taken up again.
 *
 *     cargo build --release -p plimsoll-capi
 *     cc -std=c11 -I capi/include examples/embed.c target/release/libplimsoll_capi.a -lpthread -ldl -lm -o embed
 *     ./embed examples/exchange.toml
 *
 * Prints what it does. Ends with 1 where anything is not as it should be. docs/EMBEDDING.md tells more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll.h"

static int failures = 0;

/* Says so where something is not as it should be. */
static void expect(int holds, const char *what) {
    if (!holds) {
        failures++;
        fprintf(stderr, "NOT SO: %s (%s)\n", what, plimsoll_last_error());
    }
}

/* A call that must end as said. */
static void must(plimsoll_status status, plimsoll_status expected, const char *what) {
    if (status != expected) {
        failures++;
        fprintf(stderr, "NOT SO: %s: expected \"%s\", found \"%s\": %s\n", what, plimsoll_status_text(expected),
                plimsoll_status_text(status), plimsoll_last_error());
    }
}

/* The whole of a file, ended by a zero; the caller frees it. */
static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 16);
    if (file == NULL || text == NULL) {
        fprintf(stderr, "%s: expected a readable file\n", path);
        exit(2);
    }
    *length = fread(text, 1, (1 << 16) - 1, file);
    text[*length] = 0;
    fclose(file);
    return text;
}

static uint32_t account(plimsoll_engine engine, const char *name) {
    uint32_t number = PLIMSOLL_NONE;
    must(plimsoll_account_find(engine, name, strlen(name), &number), PLIMSOLL_STATUS_OK, name);
    return number;
}

static plimsoll_order limit(uint32_t account, uint8_t side, int64_t price, uint64_t qty, uint64_t ts) {
    plimsoll_order order = {0};
    order.size = sizeof order;
    order.account = account;
    order.ts = ts;
    order.side = side;
    order.price = price;
    order.qty = qty;
    return order;
}

/* Prints and counts what has happened since the last time; sums the lots that traded. */
static uint64_t drain(plimsoll_engine engine, uint64_t *lots) {
    plimsoll_event events[16];
    size_t count = 16;
    uint64_t all = 0;
    while (count == 16) {
        must(plimsoll_events_drain(engine, events, 16, sizeof events[0], &count), PLIMSOLL_STATUS_OK, "drain");
        for (size_t i = 0; i < count; i++) {
            const plimsoll_event *event = &events[i];
            all++;
            if (event->kind == PLIMSOLL_EVENT_KIND_TRADE) {
                *lots += event->qty;
                printf("  event %" PRIu64 ": account %" PRIu32 " trades %" PRIu64 " lots at %" PRId64 " ticks with account %" PRIu32 "\n",
                       event->seq, event->account, event->qty, event->price, event->maker);
            } else {
                printf("  event %" PRIu64 ": kind %" PRIu32 "\n", event->seq, event->kind);
            }
        }
    }
    return all;
}

static plimsoll_hash hash_of(plimsoll_engine engine) {
    plimsoll_hash hash = {0};
    hash.size = sizeof hash;
    must(plimsoll_state_hash(engine, &hash), PLIMSOLL_STATUS_OK, "state hash");
    return hash;
}

static int same(plimsoll_hash a, plimsoll_hash b) {
    return a.high == b.high && a.low == b.low;
}

/* Orders of two accounts meet; the book and the accounts are read. */
static void trade(plimsoll_engine engine) {
    uint32_t anna = account(engine, "anna"), maker = account(engine, "maker");
    plimsoll_receipt receipt = {0};
    receipt.size = sizeof receipt;

    /* Prices in decimals become ticks, exactly. */
    int64_t ticks = 0;
    must(plimsoll_price_parse(engine, 0, "5000", 4, &ticks), PLIMSOLL_STATUS_OK, "a price");
    plimsoll_order ask = limit(maker, PLIMSOLL_SIDE_SELL, ticks, 30, 0);
    must(plimsoll_order_submit(engine, &ask, &receipt), PLIMSOLL_STATUS_OK, "an ask");
    uint64_t resting = receipt.order;
    ask.price = ticks + 5;
    must(plimsoll_order_submit(engine, &ask, NULL), PLIMSOLL_STATUS_OK, "a second ask");

    plimsoll_order bid = limit(anna, PLIMSOLL_SIDE_BUY, ticks, 10, 1000);
    strcpy((char *)bid.id, "a1");
    must(plimsoll_order_submit(engine, &bid, &receipt), PLIMSOLL_STATUS_OK, "a bid");
    expect(receipt.order == 0, "it trades whole, so it does not rest");
    uint64_t lots = 0;
    uint64_t events = drain(engine, &lots);
    expect(lots == 10, "ten lots traded");
    expect(events >= 4, "three orders and a trade are four events at least");

    /* The ask goes on with what is left; its price is changed by handle, and the handle with it. */
    plimsoll_replace replace = {0};
    replace.size = sizeof replace;
    replace.account = maker;
    replace.ts = 2000;
    replace.order = resting;
    replace.price = ticks + 5;
    replace.qty = 12;
    must(plimsoll_order_replace(engine, &replace, &receipt), PLIMSOLL_STATUS_OK, "a replace");
    expect(receipt.order != 0 && receipt.order != resting, "an order that enters anew has a new handle");

    plimsoll_best best = {0};
    best.size = sizeof best;
    must(plimsoll_best_read(engine, 0, &best), PLIMSOLL_STATUS_OK, "best prices");
    printf("best ask: %" PRIu64 " lots at %" PRId64 " ticks\n", best.ask_qty, best.ask_price);
    expect(best.bid_price == 0 && best.ask_price == ticks + 5 && best.ask_qty == 42, "42 lots at 5005, no bid");
    uint64_t depth = 0;
    must(plimsoll_depth_read(engine, 0, PLIMSOLL_SIDE_SELL, ticks, &depth), PLIMSOLL_STATUS_OK, "depth");
    expect(depth == 0, "nothing is left at 5000");
    plimsoll_level levels[4];
    size_t count = 0;
    must(plimsoll_levels_read(engine, 0, PLIMSOLL_SIDE_SELL, levels, 4, sizeof levels[0], &count), PLIMSOLL_STATUS_OK, "levels");
    expect(count == 1 && levels[0].qty == 42, "one level");

    /* The price falls; the line says so, as a recorded command would. */
    const char *line = "{\"ts\":3000,\"cmd\":\"mark\",\"symbol\":\"RB\",\"price\":\"4900\"}";
    must(plimsoll_line(engine, line, strlen(line), NULL), PLIMSOLL_STATUS_OK, "a mark");
    plimsoll_account state = {0};
    state.size = sizeof state;
    must(plimsoll_account_read(engine, anna, &state), PLIMSOLL_STATUS_OK, "an account");
    char text[64];
    must(plimsoll_money_text(engine, state.equity, text, sizeof text, NULL), PLIMSOLL_STATUS_OK, "money");
    printf("anna's equity: %s\n", text);
    /* 200,000 paid in - 10 lots x 2 of fees - 10 lots x 100 x 10 of loss */
    expect(strcmp(text, "189980") == 0, "equity is what it should be");
}

/* Every mistake has its answer and leaves no trace. */
static void mistakes(plimsoll_engine engine, plimsoll_engine stale, const char *config) {
    plimsoll_hash before = hash_of(engine);
    plimsoll_order order = limit(0, PLIMSOLL_SIDE_BUY, 4900, 1, 3000);
    plimsoll_receipt receipt = {0};

    must(plimsoll_order_submit(stale, &order, NULL), PLIMSOLL_STATUS_STALE_ENGINE, "a handle of a freed engine");
    must(plimsoll_free(stale), PLIMSOLL_STATUS_STALE_ENGINE, "freed twice");
    must(plimsoll_order_submit(engine, NULL, NULL), PLIMSOLL_STATUS_NULL_POINTER, "no order");
    must(plimsoll_order_submit(engine, &order, &receipt), PLIMSOLL_STATUS_WRONG_SIZE, "a receipt without its size");
    order.size = 8;
    must(plimsoll_order_submit(engine, &order, NULL), PLIMSOLL_STATUS_WRONG_SIZE, "an order of another version");
    order.size = sizeof order;
    order.side = 0;
    must(plimsoll_order_submit(engine, &order, NULL), PLIMSOLL_STATUS_BAD_VALUE, "no side");
    order.side = PLIMSOLL_SIDE_BUY;
    order.ts = 2999;
    must(plimsoll_order_submit(engine, &order, NULL), PLIMSOLL_STATUS_TIME_RUNS_BACK, "yesterday");
    order.ts = 3000;
    order.id[0] = 0xff;
    must(plimsoll_order_submit(engine, &order, NULL), PLIMSOLL_STATUS_NOT_UTF8, "an id that is no text");
    order.id[0] = 0;
    must(plimsoll_line(engine, "{\"ts\":3000,\"cmd\":\"dance\"}", 25, NULL), PLIMSOLL_STATUS_BAD_TEXT, "no such command");
    printf("refused: %s\n", plimsoll_last_error());
    must(plimsoll_line(engine, "\xff", 1, NULL), PLIMSOLL_STATUS_NOT_UTF8, "no text");
    plimsoll_event event;
    size_t count = 0;
    must(plimsoll_events_drain(engine, &event, 1, 8, &count), PLIMSOLL_STATUS_WRONG_SIZE, "events of another version");
    char small[8];
    must(plimsoll_events_drain_text(engine, small, sizeof small, &count), PLIMSOLL_STATUS_TOO_SMALL, "room for no line");
    expect(count > sizeof small, "the room it needs is told");
    plimsoll_engine none = 0;
    must(plimsoll_exchange_new("[exchange]\ncurrency = 5\n", 24, &none), PLIMSOLL_STATUS_BAD_TEXT, "a configuration that is none");
    printf("refused: %s\n", plimsoll_last_error());
    must(plimsoll_exchange_restore(config, strlen(config), (const uint8_t *)"PLIMSOLL", 8, &none), PLIMSOLL_STATUS_BAD_SNAPSHOT,
         "eight bytes of a snapshot");
    expect(none == 0, "no engine was made");
    expect(same(before, hash_of(engine)), "mistakes leave no trace");

    /* What the exchange refuses is an event, as for everybody. */
    receipt.size = sizeof receipt;
    order.qty = 100000;
    must(plimsoll_order_submit(engine, &order, &receipt), PLIMSOLL_STATUS_REJECTED, "an order beyond her means");
    expect(receipt.reject == PLIMSOLL_REJECT_MARGIN, "for want of margin");
    printf("rejected: %s\n", plimsoll_reject_text(receipt.reject));
    plimsoll_cancel cancel = {0};
    cancel.size = sizeof cancel;
    cancel.ts = 3000;
    cancel.account = 1;
    cancel.order = 1; /* the handle that a replace has used up */
    must(plimsoll_order_cancel(engine, &cancel, &receipt), PLIMSOLL_STATUS_REJECTED, "a stale order handle");
    expect(receipt.reject == PLIMSOLL_REJECT_UNKNOWN_ORDER, "it names no order");
}

/* A snapshot taken up again is the same exchange. */
static void put_down_and_take_up(plimsoll_engine engine, const char *config) {
    size_t length = 0;
    must(plimsoll_snapshot(engine, NULL, 0, &length), PLIMSOLL_STATUS_TOO_SMALL, "the length of a snapshot");
    uint8_t *bytes = malloc(length);
    plimsoll_engine again = 0;
    must(plimsoll_snapshot(engine, bytes, length, &length), PLIMSOLL_STATUS_OK, "a snapshot");
    must(plimsoll_exchange_restore(config, strlen(config), bytes, length, &again), PLIMSOLL_STATUS_OK, "taken up again");
    free(bytes);
    plimsoll_hash hash = hash_of(again);
    printf("hash: %016" PRIx64 "%016" PRIx64 "\n", hash.high, hash.low);
    expect(same(hash, hash_of(engine)), "the same state, the same hash");
    plimsoll_order order = limit(0, PLIMSOLL_SIDE_BUY, 5005, 2, 4000);
    must(plimsoll_order_submit(engine, &order, NULL), PLIMSOLL_STATUS_OK, "goes on");
    expect(!same(hash, hash_of(engine)), "another state, another hash");
    must(plimsoll_order_submit(again, &order, NULL), PLIMSOLL_STATUS_OK, "goes on, too");
    expect(same(hash_of(again), hash_of(engine)), "the same command, the same state");
    must(plimsoll_free(again), PLIMSOLL_STATUS_OK, "freed");
}

/* A book alone takes the same structs. */
static void bare_book(void) {
    plimsoll_book_options options = {0};
    options.size = sizeof options;
    options.orders = 1024;
    options.down = 90;
    options.up = 110;
    plimsoll_engine book = 0;
    must(plimsoll_book_new(&options, &book), PLIMSOLL_STATUS_OK, "a bare book");
    plimsoll_order ask = limit(1, PLIMSOLL_SIDE_SELL, 100, 10, 0), bid = limit(2, PLIMSOLL_SIDE_BUY, 101, 4, 0);
    ask.display = 3; /* an iceberg */
    must(plimsoll_order_submit(book, &ask, NULL), PLIMSOLL_STATUS_OK, "an ask");
    must(plimsoll_order_submit(book, &bid, NULL), PLIMSOLL_STATUS_OK, "a bid");
    char text[2048];
    size_t length = 0;
    must(plimsoll_events_drain_text(book, text, sizeof text, &length), PLIMSOLL_STATUS_OK, "events as text");
    printf("%s", text);
    expect(strstr(text, "\"event\":\"refilled\"") != NULL, "its peak came back");
    const char *line = "{\"ts\":0,\"cmd\":\"time\"}";
    must(plimsoll_line(book, line, strlen(line), NULL), PLIMSOLL_STATUS_WRONG_ENGINE, "a bare book takes no lines");
    must(plimsoll_free(book), PLIMSOLL_STATUS_OK, "freed");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s EXCHANGE.toml\n", argv[0]);
        return 2;
    }
    if (plimsoll_abi_version() != PLIMSOLL_ABI_VERSION) {
        fprintf(stderr, "header %d, library %" PRIu32 "\n", PLIMSOLL_ABI_VERSION, plimsoll_abi_version());
        return 1;
    }
    printf("plimsoll %s\n", plimsoll_version());
    size_t length = 0;
    char *config = read_file(argv[1], &length);
    plimsoll_engine engine = 0, stale = 0;
    must(plimsoll_exchange_new(config, length, &engine), PLIMSOLL_STATUS_OK, "an exchange");
    must(plimsoll_exchange_new(config, length, &stale), PLIMSOLL_STATUS_OK, "another one");
    must(plimsoll_free(stale), PLIMSOLL_STATUS_OK, "freed");
    trade(engine);
    mistakes(engine, stale, config);
    put_down_and_take_up(engine, config);
    must(plimsoll_free(engine), PLIMSOLL_STATUS_OK, "freed");
    bare_book();
    free(config);
    if (failures != 0) {
        printf("%d not as it should be\n", failures);
        return 1;
    }
    printf("all as it should be\n");
    return 0;
}
