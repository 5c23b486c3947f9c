package hcl

import (
	"net/netip"
	"time"
)

// target is what an attribute must be and the field that it sets. The
// functions that make one are given the field, so that the two agree.
type target struct {
	kind Type
	// take is called where the attribute is set, with its expression.
	take func(x setting)
}

// set takes an attribute to where it goes, if the file has it.
func (s *scope) set(schema Attribute) {
	a, ok := s.body.Attributes[schema.Name]
	if !ok {
		return
	}
	x := setting{Attribute: schema, s: s, expr: a.Expr, at: rangeOf(a.Expr.Range())}
	s.record(schema.Name, x.at)
	schema.into.take(x)
}

// unevaluated is a target that wants the expression.
func unevaluated(kind Type, take func(x setting)) target { return target{kind, take} }

// value sets a field to what parse makes of the value. A value that is null
// counts as not set, and of one that is wrong parse tells.
func value[T any](kind Type, field *T, parse func(x setting) (T, bool)) target {
	return target{kind, func(x setting) {
		var ok bool
		if x.value, ok = x.s.d.eval.value(x.expr); !ok || x.value.IsNull() {
			return
		}
		if v, ok := parse(x); ok {
			*field = v
		}
	}}
}

func text(field *string) target { return value(TypeString, field, setting.parseText) }

func constraint(field *string) target { return value(TypeConstraint, field, setting.parseConstraint) }

func whole(field *int) target { return value(TypeInt, field, setting.parseInt) }

func boolean(field *bool) target { return value(TypeBool, field, setting.parseBool) }

func size(field *Size) target { return value(TypeSize, field, setting.parseSize) }

func network(field *netip.Prefix) target { return value(TypeNetwork, field, setting.parseNetwork) }

func address(field *netip.Addr) target { return value(TypeAddress, field, setting.parseAddress) }

func texts(field *[]string) target { return value(TypeStrings, field, setting.parseTexts) }

func addresses(field *[]netip.Addr) target {
	return value(TypeAddresses, field, setting.parseAddresses)
}

func object(field *map[string]any) target { return value(TypeObject, field, setting.parseObject) }

// duration is a text of at least that much time.
func duration(field *time.Duration, least time.Duration) target {
	return value(TypeString, field, func(x setting) (time.Duration, bool) {
		x.check = atLeast(least)
		text, ok := x.parseText()
		d, err := time.ParseDuration(text)
		return d, ok && err == nil
	})
}

// later is a text that is evaluated when field is called.
func later(field *func() string) target {
	return unevaluated(TypeString, func(x setting) {
		var read string
		to := text(&read)
		*field = func() string {
			to.take(x)
			return read
		}
	})
}
