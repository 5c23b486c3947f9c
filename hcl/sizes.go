package hcl

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
)

const sizeRule = `A size is a number with a unit, as in "512MiB", "6GiB" or "1.5TiB".`

// parseSize is an amount of memory or disk. It must be whole MiB: that is what
// every hypervisor and zfs take.
func (x setting) parseSize() (Size, bool) {
	switch x.value.Type() {
	case cty.Number:
		if x.value.AsBigFloat().IsInf() {
			x.fail(ErrNotSize.Error(), sizeRule, "")
			return 0, false
		}
		x.fail("has no unit", sizeRule, sizeHint(x.value.AsBigFloat()))
		return 0, false
	case cty.String:
	default:
		x.wrongType()
		return 0, false
	}
	size, err := ParseSize(x.value.AsString())
	switch {
	case errors.Is(err, ErrSizeUnit):
		f, _, parseErr := big.ParseFloat(x.value.AsString(), 10, 64, big.ToNearestEven)
		if parseErr != nil {
			f = new(big.Float)
		}
		x.fail(err.Error(), sizeRule, sizeHint(f))
	case err != nil:
		x.fail(err.Error(), sizeRule, "")
	case size%MiB != 0:
		x.fail("is not a whole number of MiB", "", fmt.Sprintf("write %q", ((size+MiB-1)/MiB*MiB).String()))
	case uint64(size) < x.Min:
		x.fail("is too small", fmt.Sprintf("It must be at least %s.", Size(x.Min)), "")
	default:
		return size, true
	}
	return 0, false
}

// sizeHint guesses the unit of a bare number.
func sizeHint(f *big.Float) string {
	n, accuracy := f.Uint64()
	switch {
	case accuracy != big.Exact || n == 0:
		return ""
	case n < 128:
		return fmt.Sprintf("write %q", (Size(n) * GiB).String())
	case n < uint64(16*MiB):
		return fmt.Sprintf("write \"%dMiB\"", n)
	}
	return fmt.Sprintf("write %q", Size(n).String())
}

// parseNetwork is an IPv4 network that has room for two guests and more.
func (x setting) parseNetwork() (netip.Prefix, bool) {
	text, ok := x.text()
	if !ok {
		return netip.Prefix{}, false
	}
	const rule = `A network is written as in "10.77.0.0/24".`
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		hint := ""
		if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
			hint = fmt.Sprintf("write %q", netip.PrefixFrom(a, 24).Masked())
		}
		x.fail("is not a network", rule, hint)
	case !p.Addr().Is4():
		x.fail("is not an IPv4 network", rule, "")
	case p.Bits() < 8 || p.Bits() > 29:
		x.fail("has a prefix that does not fit", "The prefix must be from /8 to /29.", "")
	case p.Masked() != p:
		x.fail("is an address within a network", rule, fmt.Sprintf("write %q", p.Masked()))
	case p.Addr().IsMulticast() || p.Addr().IsLoopback() || p.Addr().IsUnspecified() || p.Addr().As4()[0] >= 240:
		x.fail("cannot be used for hosts", "", `take a private one, as in "10.77.0.0/24"`)
	default:
		x.public(p)
		return p, true
	}
	return netip.Prefix{}, false
}

// public warns of a network that others on the internet have.
func (x setting) public(p netip.Prefix) {
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"} {
		q := netip.MustParsePrefix(private)
		if q.Bits() <= p.Bits() && q.Contains(p.Addr()) {
			return
		}
	}
	x.s.d.c.warn(x.at, fmt.Sprintf("%s %s is not a private network", x.Name, quote(p.String())),
		"The hosts of the internet that have these addresses cannot be reached from the guests.",
		`take a private one, as in "10.77.0.0/24"`)
}
