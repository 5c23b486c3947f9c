package ui

import (
	"strings"
	"unicode/utf8"
)

// maxColumn is how wide a column is made for its widest cell. A wider cell
// shifts the rest of its own line, or one word of a guest's would be paid for
// in spaces by every line.
const maxColumn = 120

// Table writes rows as an answer in aligned columns; header may be nil.
// There are no rules and no borders, so that awk and people read the same.
func (u *UI) Table(header []string, rows [][]string) error {
	if header != nil {
		rows = append([][]string{header}, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(maxColumn, utf8.RuneCountInString(clean(cell, oneLine))))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(pad(clean(cell, oneLine), widths[i]))
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 && header != nil && u.colorOut {
			text = bold + text + plain
		}
		b.WriteString(text + "\n")
	}
	return u.answer([]byte(b.String())) // each cell is clean
}

func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-utf8.RuneCountInString(text)))
}
