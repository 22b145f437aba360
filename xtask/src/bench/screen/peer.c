/* What libmodsecurity takes for a booking, with the rules that it is given.
 *
 * peer RULES BODIES ROUNDS: one JSON body a line; prints for each the median CPU time of its rounds in nanoseconds and
 * whether it was refused. The rules are loaded once, as a server does.
 */
#include <modsecurity/modsecurity.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 99

static uint64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void header(Transaction *transaction, const char *name, const char *value) {
    msc_add_n_request_header(transaction, (const unsigned char *)name, strlen(name), (const unsigned char *)value,
                             strlen(value));
}

static int refused(Transaction *transaction) {
    ModSecurityIntervention intervention = {200, 0, NULL, NULL, 0};
    int disrupts = msc_intervention(transaction, &intervention) && intervention.disruptive;
    free(intervention.url);
    free(intervention.log);
    return disrupts;
}

static int screen(ModSecurity *engine, RulesSet *rules, const char *body, size_t length) {
    char digits[24];
    Transaction *transaction = msc_new_transaction(engine, rules, NULL);
    msc_process_connection(transaction, "192.0.2.1", 40000, "192.0.2.2", 443);
    msc_process_uri(transaction, "/v1/bookings", "POST", "1.1");
    snprintf(digits, sizeof digits, "%zu", length);
    header(transaction, "Host", "booking.example");
    header(transaction, "User-Agent", "PartnerCo/1.0");
    header(transaction, "Accept", "application/json");
    header(transaction, "Content-Type", "application/json");
    header(transaction, "Content-Length", digits);
    msc_process_request_headers(transaction);
    int result = refused(transaction);
    msc_append_request_body(transaction, (const unsigned char *)body, length);
    msc_process_request_body(transaction);
    result |= refused(transaction);
    msc_transaction_cleanup(transaction);
    return result;
}

static int by_size(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Without a receiver every finding is written to standard error, which would be measured too. */
static void ignore(void *data, const void *message) {
    (void)data;
    (void)message;
}

int main(int count, char **arguments) {
    const char *error = NULL;
    int rounds = count == 4 ? atoi(arguments[3]) : 0;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "peer RULES BODIES ROUNDS\n");
        return 2;
    }
    ModSecurity *engine = msc_init();
    msc_set_log_cb(engine, ignore);
    RulesSet *rules = msc_create_rules_set();
    if (msc_rules_add_file(rules, arguments[1], &error) < 0) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    FILE *bodies = fopen(arguments[2], "r");
    if (bodies == NULL) {
        perror(arguments[2]);
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, bodies)) > 0) {
        uint64_t times[ROUNDS_MAX];
        int result = 0;
        length -= line[length - 1] == '\n';
        for (int round = 0; round < rounds; round++) {
            uint64_t begun = cpu_ns();
            result = screen(engine, rules, line, (size_t)length);
            times[round] = cpu_ns() - begun;
        }
        qsort(times, (size_t)rounds, sizeof times[0], by_size);
        printf("%llu %d\n", (unsigned long long)times[rounds / 2], result);
    }
    return 0;
}
