# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole public API of libpatron for ctypes, as its headers declare it: constants, callbacks, structs and handles,
functions. The headers say what each of them means.

A test compares every line with the headers and the compiler, and says which line is missing: adding a function, a
field or a constant of C is adding that line here.
"""
import ctypes
from ctypes import c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint64, c_void_p

P = ctypes.POINTER


def _handle(name):
    """A struct that only the library looks into; functions take and give pointers to it."""
    return type(name, (ctypes.Structure,), {"__doc__": "Opaque."})


PATRON_AS_OF_LAST = -9223372036854775808
PATRON_MONEY_UNIT = 10000
PATRON_MOST_TIME_S = 260000000000
PATRON_MOST_QUANTITY = 1000000000000
PATRON_MOST_CURRENCY_BYTES = 15

PATRON_VERSION_MAJOR = 0
PATRON_VERSION_MINOR = 1
PATRON_VERSION_PATCH = 0
PATRON_VERSION = "0.1.0"

PATRON_OK = 0
PATRON_INVALID_ARGUMENT = 1
PATRON_OUT_OF_MEMORY = 2
PATRON_CANCELLED = 3
PATRON_TOO_LARGE = 4
PATRON_NOT_FINITE = 5
PATRON_OUT_OF_RANGE = 6
PATRON_NO_DATA = 7
PATRON_TOO_FEW_DISTINCT = 8
PATRON_UNKNOWN_NAME = 9
PATRON_ROW_REJECTED = 10
PATRON_ONE_CLUSTER = 11
PATRON_NO_SEGMENTS = 12
PATRON_NUMERIC = 13
PATRON_UNKNOWN_CUSTOMER = 14
PATRON_SOURCE_FAILED = 15
PATRON_BUDGET_SPENT = 16

PATRON_FIELD_NONE = 0
PATRON_FIELD_ROW = 1
PATRON_FIELD_CUSTOMER = 2
PATRON_FIELD_ORDER = 3
PATRON_FIELD_TIME = 4
PATRON_FIELD_QUANTITY = 5
PATRON_FIELD_AMOUNT = 6
PATRON_FIELD_PRICE = 7
PATRON_FIELD_PRODUCT = 8
PATRON_FIELD_CATEGORY = 9
PATRON_FIELD_DISCOUNT = 10
PATRON_FIELD_CURRENCY = 11
PATRON_FIELD_CHANNEL = 12
PATRON_FIELD_COUNT = 13

PATRON_REASON_NONE = 0
PATRON_REASON_UNREADABLE = 1
PATRON_REASON_MISSING = 2
PATRON_REASON_TOO_FEW_FIELDS = 3
PATRON_REASON_NOT_UTF8 = 4
PATRON_REASON_OUT_OF_RANGE = 5
PATRON_REASON_OTHER_CURRENCY = 6
PATRON_REASON_COUNT = 7

PATRON_FATE_UNREADABLE = 0
PATRON_FATE_NO_CUSTOMER = 1
PATRON_FATE_AFTER_AS_OF = 2
PATRON_FATE_BEFORE_WINDOW = 3
PATRON_FATE_IGNORED_PRODUCT = 4
PATRON_FATE_DUPLICATE = 5
PATRON_FATE_ZERO_AMOUNT = 6
PATRON_FATE_CANCELLED = 7
PATRON_FATE_CANCELLATION = 8
PATRON_FATE_RETURN = 9
PATRON_FATE_PURCHASE = 10
PATRON_FATE_COUNT = 11

PATRON_ZERO_AMOUNT_DROP = 0
PATRON_ZERO_AMOUNT_KEEP = 1

PATRON_DUPLICATES_KEEP = 0
PATRON_DUPLICATES_DROP = 1

PATRON_NAIVE_LOCAL = 0
PATRON_NAIVE_UTC = 1

PATRON_FLOAT64 = 0
PATRON_FLOAT32 = 1

PATRON_ROLE_CLUSTER = 0
PATRON_ROLE_PROFILE = 1
PATRON_ROLE_IGNORE = 2

PATRON_KIND_NUMBER = 0
PATRON_KIND_MONTH = 1
PATRON_KIND_CODE = 2

PATRON_CLAIM_MEDIAN = 0
PATRON_CLAIM_BELOW = 1

PATRON_FILL_REJECT = 0
PATRON_FILL_ZERO = 1
PATRON_FILL_MEAN = 2
PATRON_FILL_MEDIAN = 3

PATRON_TRANSFORM_NONE = 0
PATRON_TRANSFORM_LOG1P = 1

PATRON_SCALE_NONE = 0
PATRON_SCALE_ZSCORE = 1
PATRON_SCALE_ROBUST = 2

PATRON_INTERVAL_EXACT = 0
PATRON_INTERVAL_CLT = 1

PATRON_COMPARED_CERTAIN = 0
PATRON_COMPARED_CLOSE = 1
PATRON_COMPARED_BUDGET = 2

Progress = ctypes.CFUNCTYPE(c_int32, c_void_p, c_char_p, c_double)
Allocate = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_size_t)
Reallocate = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
Deallocate = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)


class Error(ctypes.Structure):
    _fields_ = [
        ("status", c_int32),
        ("reserved", c_int32),
        ("row", c_int64),
        ("line", c_int64),
        ("byte", c_int64),
        ("message", c_char * 480),
    ]


class Context(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("allocate", Allocate),
        ("reallocate", Reallocate),
        ("deallocate", Deallocate),
        ("allocator_user", c_void_p),
        ("progress", Progress),
        ("progress_user", c_void_p),
        ("threads", c_int32),
        ("reserved", c_int32),
    ]


class Text(ctypes.Structure):
    _fields_ = [
        ("bytes", P(c_uint8)),
        ("offsets", P(c_int64)),
        ("validity", P(c_uint8)),
    ]


class Orders(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rows", c_int64),
        ("customer_id", Text),
        ("customer_number", P(c_int64)),
        ("customer_validity", P(c_uint8)),
        ("order_id", Text),
        ("order_number", P(c_int64)),
        ("order_validity", P(c_uint8)),
        ("time_s", P(c_int64)),
        ("quantity", P(c_double)),
        ("amount", P(c_int64)),
        ("amount_value", P(c_double)),
        ("unit_price", P(c_int64)),
        ("unit_price_value", P(c_double)),
        ("product", Text),
        ("category", Text),
        ("discount", P(c_int64)),
        ("discount_value", P(c_double)),
        ("is_return", P(c_uint8)),
        ("line", P(c_int64)),
        ("fault", P(c_uint8)),
        ("fault_field", P(c_uint8)),
        ("channel", Text),
        ("currency", Text),
    ]


class HistoryOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("zero_amount", c_int32),
        ("duplicates", c_int32),
        ("strict", c_int32),
        ("rejected_listed", c_int32),
        ("match_cancellations", c_int32),
        ("reserved", c_int32),
        ("order_gap_s", c_int64),
        ("only_currency", c_char_p),
        ("utc_offset_s", c_int64),
    ]


History = _handle("History")


class Audit(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("as_of_s", c_int64),
        ("first_s", c_int64),
        ("last_s", c_int64),
        ("rows_read", c_int64),
        ("rows_kept", c_int64),
        ("fates", c_int64 * 16),
        ("adjustments", c_int64),
        ("amounts_rounded", c_int64),
        ("customers", c_int64),
        ("customers_with_order", c_int64),
        ("customers_without_order", c_int64),
        ("orders", c_int64),
        ("gross", c_int64),
        ("returns", c_int64),
        ("net", c_int64),
        ("rejected_listed", c_int64),
        ("customers_below_min_orders", c_int64),
    ]


class Rejected(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("row", c_int64),
        ("line", c_int64),
        ("field", c_int32),
        ("reason", c_int32),
    ]


class ArrowColumns(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("customer", c_char_p),
        ("order", c_char_p),
        ("time", c_char_p),
        ("quantity", c_char_p),
        ("amount", c_char_p),
        ("amount_exact", c_char_p),
        ("unit_price", c_char_p),
        ("unit_price_exact", c_char_p),
        ("product", c_char_p),
        ("category", c_char_p),
        ("channel", c_char_p),
        ("currency", c_char_p),
        ("discount", c_char_p),
        ("discount_exact", c_char_p),
        ("is_return", c_char_p),
        ("line", c_char_p),
        ("naive_time", c_int32),
        ("reserved", c_int32),
    ]


class Rows(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("values", c_void_p),
        ("rows", c_int64),
        ("cols", c_int64),
        ("row_stride", c_int64),
        ("type", c_int32),
        ("reserved", c_int32),
        ("weights", P(c_double)),
    ]


class Column(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("name", c_char_p),
        ("unit", c_char_p),
        ("definition", c_char_p),
        ("missing", c_char_p),
        ("role", c_int32),
        ("kind", c_int32),
        ("range", c_char_p),
    ]


Matrix = _handle("Matrix")


class FeaturesOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("as_of_s", c_int64),
        ("columns", c_char_p),
        ("recent_days", c_int64),
        ("window_days", c_int64),
        ("min_orders", c_int64),
    ]


Features = _handle("Features")


class CustomerValue(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("gross", c_int64),
        ("returns", c_int64),
        ("net", c_int64),
        ("recurring", c_int64),
        ("orders", c_int64),
    ]


class Attributes(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rows", c_int64),
        ("customer_id", Text),
        ("customer_number", P(c_int64)),
        ("customer_validity", P(c_uint8)),
        ("cols", c_int64),
        ("names", Text),
        ("values", P(c_double)),
        ("roles", P(c_int32)),
    ]


class Join(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rows", c_int64),
        ("customers_matched", c_int64),
        ("customers_without_row", c_int64),
        ("ids_without_order", c_int64),
        ("rows_without_id", c_int64),
    ]


class KmeansOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("n_init", c_int32),
        ("max_iter", c_int32),
        ("tol", c_double),
        ("seed", c_uint64),
        ("initial_centroids", P(c_double)),
        ("strict", c_int32),
        ("reserved", c_int32),
    ]


class KmeansResult(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("rows", c_int64),
        ("cols", c_int64),
        ("k", c_int32),
        ("iterations", c_int32),
        ("converged", c_int32),
        ("best_start", c_int32),
        ("inertia", c_double),
        ("inertia_lower_bound", c_double),
        ("fingerprint", c_uint64),
        ("n_init", c_int32),
        ("screened", c_int32),
        ("sample_rows", c_int64),
        ("polished", c_int32),
        ("reserved", c_int32),
        ("pack_s", c_double),
        ("screen_s", c_double),
        ("polish_s", c_double),
        ("finish_s", c_double),
    ]


Kmeans = _handle("Kmeans")


class SegmentOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("as_of_s", c_int64),
        ("features", c_char_p),
        ("k_min", c_int32),
        ("k_max", c_int32),
        ("smallest_share", c_double),
        ("fill", c_int32),
        ("transform", c_int32),
        ("scale", c_int32),
        ("n_init", c_int32),
        ("max_iter", c_int32),
        ("minimum_orders", c_int32),
        ("tol", c_double),
        ("seed", c_uint64),
        ("winsor_low", c_double),
        ("winsor_high", c_double),
        ("recent_days", c_int64),
        ("window_days", c_int64),
        ("exact_pairs", c_int64),
    ]


Segmentation = _handle("Segmentation")


class SegmentInfo(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("id", c_int32),
        ("set_apart", c_int32),
        ("name", c_char_p),
        ("customers", c_int64),
        ("share", c_double),
        ("revenue_gross", c_int64),
        ("revenue_net", c_int64),
        ("revenue_share", c_double),
        ("recurring_mean", c_double),
        ("silhouette", c_double),
        ("silhouette_half_width", c_double),
    ]


class CommonValue(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("value", c_double),
        ("customers", c_int64),
        ("known", c_int64),
    ]


class Candidate(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("k", c_int32),
        ("feasible", c_int32),
        ("chosen", c_int32),
        ("converged", c_int32),
        ("reason", c_char_p),
        ("inertia", c_double),
        ("inertia_lower_bound", c_double),
        ("silhouette", c_double),
        ("smallest_share", c_double),
        ("silhouette_half_width", c_double),
    ]


class Choice(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("estimated", c_int32),
        ("certain", c_int32),
        ("rival_k", c_int32),
        ("reserved", c_int32),
        ("level", c_double),
        ("difference", c_double),
        ("half_width", c_double),
        ("rows_used", c_int64),
    ]


class Claim(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("word", c_char_p),
        ("feature", c_char_p),
        ("meaning", c_char_p),
        ("direction", c_int32),
        ("kind", c_int32),
        ("segment_median", c_double),
        ("shop_median", c_double),
        ("bound", c_double),
    ]


Document = _handle("Document")


class ScalerOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("fill", c_int32),
        ("transform", c_int32),
        ("scale", c_int32),
        ("reserved", c_int32),
        ("column_transforms", P(c_int32)),
        ("winsor_low", c_double),
        ("winsor_high", c_double),
        ("column_weights", P(c_double)),
    ]


class ScalerColumn(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("fill", c_double),
        ("center", c_double),
        ("scale", c_double),
        ("transform", c_int32),
        ("reserved", c_int32),
        ("low", c_double),
        ("high", c_double),
        ("weight", c_double),
    ]


Scaler = _handle("Scaler")


class SilhouetteResult(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("mean", c_double),
        ("mean_macro", c_double),
        ("clusters", c_int32),
        ("reserved", c_int32),
        ("in_double", c_int64),
        ("seconds", c_double),
        ("empty", c_int32),
        ("reserved2", c_int32),
    ]


class SilhouetteEstimateOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("half_width", c_double),
        ("level", c_double),
        ("most_rows", c_int64),
        ("seed", c_uint64),
    ]


class SilhouetteEstimateResult(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("mean", c_double),
        ("half_width", c_double),
        ("level", c_double),
        ("interval", c_int32),
        ("looks", c_int32),
        ("rows_used", c_int64),
        ("clusters", c_int32),
        ("empty", c_int32),
        ("seconds", c_double),
    ]


class SilhouetteComparison(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("best", c_int32),
        ("rival", c_int32),
        ("difference", c_double),
        ("half_width", c_double),
        ("level", c_double),
        ("certain", c_int32),
        ("ended", c_int32),
        ("interval", c_int32),
        ("looks", c_int32),
        ("rows_used", c_int64),
        ("seconds", c_double),
    ]


# name: (result, argument, …)
FUNCTIONS = {
    "patron_status_text": (c_char_p, c_int32),
    "patron_status_name": (c_char_p, c_int32),
    "patron_context_init": (None, P(Context), c_size_t),
    "patron_field_name": (c_char_p, c_int32),
    "patron_reason_text": (c_char_p, c_int32),
    "patron_fate_name": (c_char_p, c_int32),
    "patron_orders_init": (None, P(Orders), c_size_t),
    "patron_history_options_init": (None, P(HistoryOptions), c_size_t),
    "patron_history_create": (c_int32, P(P(History)), P(HistoryOptions), P(Context), P(Error)),
    "patron_history_append": (c_int32, P(History), P(Orders), P(Context), P(Error)),
    "patron_history_row_count": (c_int64, P(History)),
    "patron_history_audit": (c_int32, P(Audit), P(History), c_int64, P(Context), P(Error)),
    "patron_history_fates": (c_int32, P(c_uint8), P(History), c_int64, P(Context), P(Error)),
    "patron_history_forget": (c_int32, P(History), P(c_uint8), c_int64, P(Context), P(Error)),
    "patron_history_merge": (c_int32, P(History), P(c_uint8), c_int64, P(c_uint8), c_int64, P(Context), P(Error)),
    "patron_history_ignore_products": (c_int32, P(History), P(Text), c_int64, P(Context), P(Error)),
    "patron_history_rejected": (c_int32, P(Rejected), P(History), c_int64, P(Error)),
    "patron_history_free": (None, P(History)),
    "patron_arrow_columns_init": (None, P(ArrowColumns), c_size_t),
    "patron_history_append_arrow": (c_int32, P(History), c_void_p, P(ArrowColumns), P(Context), P(Error)),
    "patron_rows_init": (None, P(Rows), c_size_t),
    "patron_matrix_row_count": (c_int64, P(Matrix)),
    "patron_matrix_column_count": (c_int64, P(Matrix)),
    "patron_matrix_column": (c_int32, P(Column), P(Matrix), c_int64, P(Error)),
    "patron_matrix_find": (c_int64, P(Matrix), c_char_p),
    "patron_matrix_values": (P(c_double), P(Matrix)),
    "patron_matrix_view": (c_int32, P(Rows), P(Matrix), P(Error)),
    "patron_feature_count": (c_int64,),
    "patron_feature_info": (c_int32, P(Column), c_int64, P(Error)),
    "patron_features_options_init": (None, P(FeaturesOptions), c_size_t),
    "patron_features_build": (c_int32, P(P(Features)), P(History), P(FeaturesOptions), P(Context), P(Error)),
    "patron_features_matrix": (P(Matrix), P(Features)),
    "patron_features_customer_count": (c_int64, P(Features)),
    "patron_features_customer_id": (c_int32, P(P(c_uint8)), P(c_int64), P(Features), c_int64, P(Error)),
    "patron_features_customer_ids": (c_int32, P(Text), P(Features), P(Error)),
    "patron_features_find": (c_int64, P(Features), P(c_uint8), c_int64),
    "patron_features_code_texts": (c_int32, P(Text), P(c_int64), P(Features), c_int64, P(Error)),
    "patron_features_value": (c_int32, P(CustomerValue), P(Features), c_int64, P(Error)),
    "patron_features_audit": (c_int32, P(Audit), P(Features), P(Error)),
    "patron_attributes_init": (None, P(Attributes), c_size_t),
    "patron_features_join": (c_int32, P(P(Features)), P(Join), P(Features), P(Attributes), P(Context), P(Error)),
    "patron_features_free": (None, P(Features)),
    "patron_kmeans_default_n_init": (c_int32, c_int64),
    "patron_kmeans_options_init": (None, P(KmeansOptions), c_size_t),
    "patron_kmeans_fit": (c_int32, P(P(Kmeans)), P(c_int32), P(Rows), c_int32, P(KmeansOptions), P(Context),
        P(Error)),
    "patron_kmeans_sweep": (c_int32, P(P(Kmeans)), P(c_int32), P(Rows), c_int32, c_int32, P(KmeansOptions),
        P(Context), P(Error)),
    "patron_kmeans_result_get": (c_int32, P(KmeansResult), P(Kmeans), P(Error)),
    "patron_kmeans_centroids": (P(c_double), P(Kmeans)),
    "patron_kmeans_sizes": (P(c_int64), P(Kmeans)),
    "patron_kmeans_trace": (P(c_double), P(Kmeans)),
    "patron_kmeans_predict": (c_int32, P(c_int32), P(Kmeans), P(Rows), P(Context), P(Error)),
    "patron_kmeans_transform": (c_int32, P(c_double), P(Kmeans), P(Rows), P(Context), P(Error)),
    "patron_kmeans_free": (None, P(Kmeans)),
    "patron_segment_options_init": (None, P(SegmentOptions), c_size_t),
    "patron_segmentation_count": (c_int32, P(Segmentation)),
    "patron_segmentation_segment": (c_int32, P(SegmentInfo), P(Segmentation), c_int32, P(Error)),
    "patron_segmentation_statistic": (c_int32, P(c_double), P(c_double), P(Segmentation), c_int32, c_int64, P(Error)),
    "patron_segmentation_most_common": (c_int32, P(CommonValue), P(Segmentation), c_int32, c_int64, P(Error)),
    "patron_segmentation_features": (P(Features), P(Segmentation)),
    "patron_segmentation_labels": (P(c_int32), P(Segmentation)),
    "patron_segmentation_silhouettes": (P(c_double), P(Segmentation)),
    "patron_segmentation_candidate_count": (c_int32, P(Segmentation)),
    "patron_segmentation_candidate": (c_int32, P(Candidate), P(Segmentation), c_int32, P(Error)),
    "patron_segmentation_silhouette": (c_double, P(Segmentation)),
    "patron_segmentation_choice": (c_int32, P(Choice), P(Segmentation), P(Error)),
    "patron_segmentation_options": (c_int32, P(SegmentOptions), P(Segmentation), P(Error)),
    "patron_segmentation_assign": (c_int32, P(c_int32), P(Segmentation), P(Rows), P(Context), P(Error)),
    "patron_segmentation_assign_features": (c_int32, P(c_int32), P(Segmentation), P(Features), P(Context), P(Error)),
    "patron_fingerprint": (c_uint64, P(Segmentation)),
    "patron_segmentation_free": (None, P(Segmentation)),
    "patron_persona_claim_count": (c_int32, P(Segmentation), c_int32),
    "patron_persona_claim": (c_int32, P(Claim), P(Segmentation), c_int32, c_int32, P(Error)),
    "patron_segment": (c_int32, P(P(Segmentation)), P(History), P(SegmentOptions), P(Context), P(Error)),
    "patron_segmentation_fit": (c_int32, P(P(Segmentation)), P(Features), P(SegmentOptions), P(Context), P(Error)),
    "patron_report_json": (c_int32, P(P(Document)), P(Segmentation), P(History), P(Context), P(Error)),
    "patron_document_text": (c_char_p, P(Document)),
    "patron_document_length": (c_int64, P(Document)),
    "patron_document_free": (None, P(Document)),
    "patron_scaler_options_init": (None, P(ScalerOptions), c_size_t),
    "patron_scaler_fit": (c_int32, P(P(Scaler)), P(Rows), P(ScalerOptions), P(Context), P(Error)),
    "patron_scaler_transform": (c_int32, P(c_double), P(Scaler), P(Rows), P(Context), P(Error)),
    "patron_scaler_inverse": (c_int32, P(c_double), P(Scaler), P(Rows), P(Context), P(Error)),
    "patron_scaler_column_count": (c_int64, P(Scaler)),
    "patron_scaler_column_get": (c_int32, P(ScalerColumn), P(Scaler), c_int64, P(Error)),
    "patron_scaler_free": (None, P(Scaler)),
    "patron_silhouette": (c_int32, P(SilhouetteResult), P(c_double), P(c_double), P(Rows), P(c_int32), c_int32,
        P(Context), P(Error)),
    "patron_silhouette_sweep": (c_int32, P(SilhouetteResult), P(c_double), P(c_double), P(Rows), P(c_int32),
        P(c_int32), c_int32, P(Context), P(Error)),
    "patron_silhouette_estimate_options_init": (None, P(SilhouetteEstimateOptions), c_size_t),
    "patron_silhouette_estimate": (c_int32, P(SilhouetteEstimateResult), P(c_double), P(c_double), P(Rows),
        P(c_int32), c_int32, P(SilhouetteEstimateOptions), P(Context), P(Error)),
    "patron_silhouette_compare": (c_int32, P(SilhouetteComparison), P(SilhouetteEstimateResult), P(Rows), P(c_int32),
        P(c_int32), c_int32, P(SilhouetteEstimateOptions), P(Context), P(Error)),
    "patron_silhouette_squared": (c_int32, P(SilhouetteResult), P(c_double), P(c_double), P(Rows), P(c_int32),
        c_int32, P(Context), P(Error)),
    "patron_silhouette_simplified": (c_int32, P(SilhouetteResult), P(c_double), P(c_double), P(Rows), P(c_int32),
        c_int32, P(Context), P(Error)),
    "patron_calinski_harabasz": (c_int32, P(c_double), P(Rows), P(c_int32), c_int32, P(Context), P(Error)),
    "patron_davies_bouldin": (c_int32, P(c_double), P(Rows), P(c_int32), c_int32, P(Context), P(Error)),
    "patron_version": (c_char_p,),
}
