"""Where a place in a PDF page's own coordinates is seen: crop box and rotation undone. Pure arithmetic."""

from __future__ import annotations

Corners = tuple[float, float, float, float]


class Frame:
    """A page's visible area: turns its coordinates (origin bottom left, unrotated) into what a reader sees."""

    def __init__(self, shown: Corners, turn: int) -> None:
        """`shown`: what pdfium draws of the page, whichever of its boxes the page has of its own or inherits."""
        self.left, self.bottom, right, top = shown
        self.wide, self.high = max(right - self.left, 1.0), max(top - self.bottom, 1.0)
        self.turn = turn  # degrees, clockwise
        self.width, self.height = (self.high, self.wide) if self.turn in (90, 270) else (self.wide, self.high)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """From the left and from the top, in points."""
        x, y = x - self.left, y - self.bottom
        if self.turn == 90:
            return y, x
        if self.turn == 180:
            return self.wide - x, y
        if self.turn == 270:
            return self.high - y, self.wide - x
        return x, self.high - y

    def box(self, left: float, bottom: float, right: float, top: float) -> Corners:
        """(left, top, right, bottom) as seen, in points."""
        if not self.turn and left <= right and bottom <= top:  # nearly always
            return left - self.left, self.high + self.bottom - top, right - self.left, self.high + self.bottom - bottom
        x1, y1 = self.point(left, bottom)
        x2, y2 = self.point(right, top)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def across(self, x: float) -> float:
        """Where what is seen at this distance from the left lies on the page's own axis across (upright pages)."""
        return x + self.left
