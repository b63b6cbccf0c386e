/* SPDX-License-Identifier: Apache-2.0 */

#include <smtpreply.h>

#include "testing.h"
#include "util/cursor.h"

static struct smtpreply_catalogue *catalogue;

static int load(void **state)
{
	(void)state;
	return smtpreply_catalogue_new(&catalogue);
}

static int unload(void **state)
{
	(void)state;
	catalogue = smtpreply_catalogue_free(catalogue);
	return catalogue ? -1 : 0;
}

static span_t provider_of(span_t host)
{
	size_t n;
	const span_t *names = smtpreply_providers(catalogue, &n);
	unsigned i = smtpreply_provider_find(catalogue, guard_copy(host));

	assert_true(i < n);
	return names[i];
}

static const struct {
	const char *host, *provider;
} hosts[] = {
	{ "gmail-smtp-in.l.google.com", "google" },
	{ "aspmx.l.google.com.", "google" },
	{ "GMAIL-SMTP-IN.L.GOOGLE.COM", "google" },
	{ "example-org.mail.protection.outlook.com", "microsoft" },
	{ "example-org.a-v1.mx.microsoft", "microsoft" },
	{ "mta5.am0.yahoodns.net", "yahoo" },
	{ "mx1.mail.yahoo.co.jp", "yahoo_jp" },
	{ "mx01.mail.icloud.com", "apple" },
	{ "mx00.gmx.net", "gmx" },
	{ "mx-ha02.web.de", "gmx" },
	{ "mx0a-00000000.pphosted.com", "proofpoint" },
	{ "eu-smtp-inbound-1.mimecast.com", "mimecast" },
	{ "d00000a.ess.barracudanetworks.com", "barracuda" },
	{ "mx1.hc0000-0.iphmx.com", "cisco" },
	{ "inbound-smtp.eu-west-1.amazonaws.com", "amazon" },
	{ "ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", "other" },
	{ "mx1.mail.ovh.net", "ovh" },
	{ "mx00.kundenserver.de", "ionos" },
	{ "mx.zoho.eu", "zoho" },
	{ "in1-smtp.messagingengine.com", "fastmail" },
	{ "mxs.mail.ru", "mailru" },
	{ "mx.yandex.ru", "yandex" },
	{ "mx3.qq.com", "qq" },
	{ "hwhzmx01.exmail.qq.com", "tencent" },
	{ "163mx01.mxmail.netease.com", "netease" },
	{ "smtp-in.orange.fr", "orange" },
	{ "route1.mx.cloudflare.net", "cloudflare" },
	{ "mx00.t-online.de", "t_online" },
	{ "google.com", "google" },
	{ "notgoogle.com", "other" },
	{ "google.com.example.org", "other" },
	{ "google", "other" },
	{ "com", "other" },
	{ ".google.com", "google" },
	{ "..", "other" },
	{ ".", "other" },
	{ "", "other" },
	{ "192.0.2.1", "other" },
	{ "2001:db8::1", "other" },
	{ "mx.example.org", "other" },
	{ "google.com ", "other" },
};

static void a_host_belongs_to_the_longest_suffix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		check(span_eq(provider_of(span_str(hosts[i].host)), span_str(hosts[i].provider)),
		      "%s", hosts[i].host);
}

static void a_name_longer_than_dns_allows_is_nobodys(void **state)
{
	char host[300];

	(void)state;
	memset(host, 'a', sizeof(host));
	memcpy(host + 255 - 11, ".google.com", 11);
	assert_true(span_eq(provider_of(span_make(host, 255)), SPAN("google")));
	memcpy(host + 256 - 11, ".google.com", 11);
	assert_true(span_eq(provider_of(span_make(host, 256)), SPAN("other")));
	memset(host, '.', sizeof(host));
	assert_true(span_eq(provider_of(span_make(host, 255)), SPAN("other")));
}

static void names_are_label_values_sorted_and_unique(void **state)
{
	size_t n;
	const span_t *names = smtpreply_providers(catalogue, &n);

	(void)state;
	assert_true(n > 50 && n <= 256);
	assert_true(span_eq(names[0], SPAN("other")));
	for (size_t i = 0; i < n; i++) {
		assert_true(names[i].len > 0);
		for (size_t k = 0; k < names[i].len; k++) {
			char c = names[i].ptr[k];

			check((c >= 'a' && c <= 'z') || char_is_digit(c) || c == '_', "%.*s",
			      SPAN_ARG(names[i]));
		}
		for (size_t j = 0; j < i; j++)
			check(!span_eq(names[i], names[j]), "%.*s", SPAN_ARG(names[i]));
	}
}

/* A provider's own reading of an enhanced code is found by the provider's name. */
static void vendors_of_enhanced_codes_are_providers(void **state)
{
	size_t n, n_names;
	const struct smtpreply_detail *d = smtpreply_details(catalogue, &n);
	const span_t *names = smtpreply_providers(catalogue, &n_names);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (span_eq(d[i].vendor, SPAN("iana")))
			check(d[i].provider == 0, "X.%u.%u", d[i].subject, d[i].detail);
		else
			check(span_eq(names[d[i].provider], d[i].vendor), "X.%u.%u", d[i].subject,
			      d[i].detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_belongs_to_the_longest_suffix),
		cmocka_unit_test(a_name_longer_than_dns_allows_is_nobodys),
		cmocka_unit_test(names_are_label_values_sorted_and_unique),
		cmocka_unit_test(vendors_of_enhanced_codes_are_providers),
	};

	return cmocka_run_group_tests_name("provider", tests, load, unload);
}
