package hcl

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"encoding/json"
)

// element is one text of a list and its place.
type element struct {
	text string
	at   Range
}

// elements of an attribute that is a list of strings.
func (x setting) elements() ([]element, bool) {
	t := x.value.Type()
	if !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		x.wrongType()
		return nil, false
	}
	tuple, _ := x.expr.(*hclsyntax.TupleConsExpr)
	var found []element
	for it, i := x.value.ElementIterator(), 0; it.Next(); i++ {
		_, v := it.Element()
		at := x.at
		if tuple != nil && i < len(tuple.Exprs) {
			at = rangeOf(tuple.Exprs[i].Range())
			x.s.record(fmt.Sprintf("%s.%d", x.Name, i), at)
		}
		if v.IsNull() || v.Type() != cty.String {
			x.failAt(at, v, "is not a string", "Each element of the list must be one.", "")
			continue
		}
		found = append(found, element{v.AsString(), at})
	}
	return found, true
}

// parseTexts is a list of texts, each checked.
func (x setting) parseTexts() ([]string, bool) {
	elements, ok := x.elements()
	var texts []string
	for _, e := range elements {
		if problem, detail, hint := checkText(x.check, e.text); problem != "" {
			x.failAt(e.at, cty.StringVal(e.text), problem, detail, hint)
			continue
		}
		texts = append(texts, e.text)
	}
	return texts, ok
}

// parseAddresses is a list of IP addresses.
func (x setting) parseAddresses() ([]netip.Addr, bool) {
	elements, ok := x.elements()
	var addresses []netip.Addr
	for _, e := range elements {
		if a := x.address(e.at, e.text); a.IsValid() {
			addresses = append(addresses, a)
		}
	}
	return addresses, ok
}

// parseObject is a JSON object.
func (x setting) parseObject() (map[string]any, bool) {
	if t := x.value.Type(); !t.IsObjectType() && !t.IsMapType() {
		x.wrongType()
		return nil, false
	}
	text, err := ctyjson.Marshal(x.value, x.value.Type())
	if err != nil {
		x.fail("cannot be written as JSON", err.Error(), "")
		return nil, false
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber() // keeps large whole numbers as they are
	object := map[string]any{}
	if err := decoder.Decode(&object); err != nil {
		x.fail("cannot be written as JSON", err.Error(), "")
		return nil, false
	}
	x.ours(object)
	return object, true
}

// ours tells of settings of dockerd that fbdock itself depends on.
func (x setting) ours(object map[string]any) {
	owned := map[string]string{
		"hosts":     "fbdock listens with mutual TLS only; see insecure_tcp.",
		"tls":       "fbdock makes the certificates.",
		"tlsverify": "fbdock makes the certificates.",
		"tlscacert": "fbdock makes the certificates.",
		"tlscert":   "fbdock makes the certificates.",
		"tlskey":    "fbdock makes the certificates.",
		"data-root": "The data disk is mounted at /var/lib/docker.",
	}
	for _, key := range sortedKeys(object) {
		why, ok := owned[key]
		if !ok {
			continue
		}
		at := x.at
		if cons, isCons := x.expr.(*hclsyntax.ObjectConsExpr); isCons {
			at = keyRange(cons, key, at)
		}
		x.s.d.c.fail(at, fmt.Sprintf("%s cannot set %q", x.Name, key), why, "remove it")
	}
}

// keyRange is where an object's literal key stands.
func keyRange(cons *hclsyntax.ObjectConsExpr, key string, fallback Range) Range {
	for _, item := range cons.Items {
		v, diags := item.KeyExpr.Value(nil)
		if !diags.HasErrors() && v.IsKnown() && !v.IsNull() && v.Type() == cty.String && v.AsString() == key {
			return rangeOf(item.KeyExpr.Range())
		}
	}
	return fallback
}
