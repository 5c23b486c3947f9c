package hcl

import (
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest is the candidate that given was probably meant to be, or "".
func Nearest(given string, candidates []string) string {
	if len(given) > 64 {
		return ""
	}
	if len(given) > 2 {
		for _, c := range candidates {
			if strings.HasPrefix(normal(c), normal(given)) {
				return c
			}
		}
	}
	best, bestDistance := "", 1+max(1, min(3, len(given)/2))
	low := normal(given)
	for _, c := range candidates {
		d := levenshtein.Distance(low, normal(c), nil)
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// normal makes names equal that differ only in case and separators.
func normal(s string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s))
}

// didYouMean is a hint, or "" when nothing is near.
func didYouMean(given string, candidates []string) string {
	if s := Nearest(given, candidates); s != "" {
		return "did you mean " + quote(s) + "?"
	}
	return ""
}

// list writes words as prose: "a, b or c".
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
