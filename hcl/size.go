package hcl

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size uint64

// Binary multiples of a byte, IEC 80000-13.
const (
	KiB Size = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

// What ParseSize finds wrong.
var (
	ErrNotSize      = errors.New("is not a size")
	ErrSizeUnit     = errors.New("has no unit")
	ErrSizeNegative = errors.New("is negative")
	ErrSizeZero     = errors.New("is zero")
	ErrSizeTooLarge = errors.New("is too large")
	ErrSizePart     = errors.New("is not a whole number of bytes")
)

// String writes the size with the largest IEC unit that divides it: "2GiB".
func (s Size) String() string {
	units := []struct {
		size Size
		name string
	}{{TiB, "TiB"}, {GiB, "GiB"}, {MiB, "MiB"}, {KiB, "KiB"}}
	for _, u := range units {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatUint(uint64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatUint(uint64(s), 10) + "B"
}

// MarshalText makes sizes readable in JSON.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes; unlike a configuration it may say zero.
func (s *Size) UnmarshalText(text []byte) error {
	parsed, err := ParseSize(string(text))
	if errors.Is(err, ErrSizeZero) {
		err = nil
	}
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// ParseSize reads "6GiB", "512 MB", "2g" or "1.5TiB". All units are binary:
// MB is read as MiB, as Docker's --memory and the hypervisors do, because a
// guest whose memory is no multiple of 1 MiB helps nobody.
func ParseSize(text string) (Size, error) {
	s := strings.TrimSpace(text)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(s)
	}
	number, unit := s[:end], strings.ToLower(strings.TrimSpace(s[end:]))
	if !isDecimal(number) {
		return 0, ErrNotSize
	}
	factor, ok := sizeUnit(unit)
	switch {
	case unit == "":
		return 0, ErrSizeUnit
	case !ok:
		return 0, ErrNotSize
	case negative:
		return 0, ErrSizeNegative
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, ErrNotSize
	}
	return bytesOf(value.Mul(value, new(big.Rat).SetUint64(uint64(factor))))
}

func bytesOf(value *big.Rat) (Size, error) {
	switch {
	case value.Sign() == 0:
		return 0, ErrSizeZero
	case !value.IsInt():
		return 0, ErrSizePart
	case value.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) > 0:
		// Every consumer, from bhyve to zfs, counts in signed 64 bits.
		return 0, ErrSizeTooLarge
	}
	return Size(value.Num().Uint64()), nil
}

// isDecimal holds for "12" and "1.5", of a length that costs nothing to read.
func isDecimal(s string) bool {
	whole, part, dotted := strings.Cut(s, ".")
	return len(s) <= 40 && whole != "" && (part != "" || !dotted) && !strings.Contains(part, ".")
}

func sizeUnit(unit string) (Size, bool) {
	switch unit {
	case "b":
		return 1, true
	case "k", "kb", "kib":
		return KiB, true
	case "m", "mb", "mib":
		return MiB, true
	case "g", "gb", "gib":
		return GiB, true
	case "t", "tb", "tib":
		return TiB, true
	}
	return 0, false
}
