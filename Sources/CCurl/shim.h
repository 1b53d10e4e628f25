#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdint.h>

#include "codes.h"

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one function for each type of value.

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

// For strings, which libcurl copies, and for lists, buffers and user data, which it borrows.
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

// libcurl copies the bytes.
static inline CURLcode ccurl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

typedef size_t (*ccurl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_receiver(CURL *handle, CURLoption option, ccurl_receiver receiver) {
    return curl_easy_setopt(handle, option, receiver);
}

static inline CURLcode ccurl_set_progress(CURL *handle, curl_xferinfo_callback progress) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
}

static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

// Lets certificates be judged at the time in *context instead of the machine's clock (X509_VERIFY_PARAM_set_time(3)).
// In C because OpenSSL's types are libcurl's `void *` here.
static inline CURLcode ccurl_apply_time(CURL *handle, void *tls, void *context) {
    (void)handle;
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param((SSL_CTX *)tls);
    if (parameters == NULL) {
        return CURLE_ABORTED_BY_CALLBACK;
    }
    X509_VERIFY_PARAM_set_time(parameters, (time_t) * (const int64_t *)context);
    return CURLE_OK;
}

// CURLE_NOT_BUILT_IN or CURLE_UNKNOWN_OPTION from a libcurl without OpenSSL: then `ccurl_apply_time` is never called.
static inline CURLcode ccurl_set_verification_time(CURL *handle, const int64_t *time) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, time);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, ccurl_apply_time);
}
