# SPDX-License-Identifier: GPL-3.0-or-later
"""patron: which few kinds of customers does a shop have, who is each of them, and who will spend the most, again and
again?

    result = patron.segment(orders, customer="CustomerID", time="InvoiceDate", amount="Amount")
    print(result)

segment() does it all; KMeans, silhouette_score, silhouette_scores (several labelings at once), silhouette_samples and,
for millions of rows, silhouette_estimate and silhouette_compare are its engines alone, beside other scores of a
labeling. The library computes; this package hands arrays to it and
gives back its answers.
"""
from ._call import PatronError
from ._kmeans import (KMeans, SilhouetteComparison, SilhouetteEstimate, calinski_harabasz_score, davies_bouldin_score,
                      silhouette_compare, silhouette_estimate, silhouette_samples, silhouette_score,
                      silhouette_scores, silhouette_simplified_score, silhouette_squared_score)
from ._library import version as __version__
from ._segment import (Candidate, Choice, Claim, Column, CommonValue, Features, Segment, Segmentation,
                       segment)

__all__ = ["Candidate", "Choice", "Claim", "Column", "CommonValue", "Features", "KMeans", "PatronError", "Segment",
           "Segmentation", "SilhouetteComparison", "SilhouetteEstimate", "calinski_harabasz_score",
           "davies_bouldin_score", "segment", "silhouette_compare", "silhouette_estimate", "silhouette_samples",
           "silhouette_score", "silhouette_scores", "silhouette_simplified_score", "silhouette_squared_score"]
