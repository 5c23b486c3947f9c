package hcl

import "strconv"

// Size is a number of bytes.
type Size uint64

// Binary multiples of a byte, IEC 80000-13.
const (
	KiB Size = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
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
