"""Figures, charts, exports, digests by mail and the preview of a publication."""
