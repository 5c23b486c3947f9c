package hcl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// maxString bounds the strings that a function may make.
const maxString = 1 << 20

// Functions are the names that expressions can call, sorted.
func Functions() []string {
	return slices.Sorted(maps.Keys(functions(Options{}, "", &budget{})))
}

// functions is the table of one file: env and file look where opts says,
// and every call is paid for.
func functions(opts Options, dir string, b *budget) map[string]function.Function {
	table := map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc,
		"max": stdlib.MaxFunc, "min": stdlib.MinFunc,
		"upper": stdlib.UpperFunc, "lower": stdlib.LowerFunc, "title": stdlib.TitleFunc,
		"trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "chomp": stdlib.ChompFunc, "substr": stdlib.SubstrFunc,
		"replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "join": stdlib.JoinFunc,
		"format": stdlib.FormatFunc,
		"concat": stdlib.ConcatFunc, "merge": stdlib.MergeFunc, "lookup": stdlib.LookupFunc,
		"contains": stdlib.ContainsFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
		"keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc, "slice": stdlib.SliceFunc,
		"sort": stdlib.SortFunc, "reverse": stdlib.ReverseListFunc, "zipmap": stdlib.ZipmapFunc,
		"compact": stdlib.CompactFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
		"jsonencode": stdlib.JSONEncodeFunc, "jsondecode": stdlib.JSONDecodeFunc,
		"tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),
		"tobool": stdlib.MakeToFunc(cty.Bool), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"toset":  stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tomap":  stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"length": lengthFunc(), "env": envFunc(opts), "file": fileFunc(opts, dir),
	}
	for name, f := range table {
		table[name] = paid(name, f, b)
	}
	return table
}

// paid is f with a look at its arguments before it may run: what it would
// make must fit.
func paid(name string, f function.Function, b *budget) function.Function {
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		// Type is asked before Impl and sees the same arguments.
		Type: func(args []cty.Value) (cty.Type, error) {
			for _, a := range args {
				if err := b.spend(a); err != nil {
					return cty.DynamicPseudoType, err
				}
			}
			if n := outcome(name, args); n > maxString {
				return cty.DynamicPseudoType, errors.New("the result would be too large")
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			if err != nil {
				return v, err
			}
			return v, b.spend(v)
		},
	})
}

// outcome is the most bytes that a call can make, for the functions whose
// result can be larger than their arguments together.
func outcome(name string, args []cty.Value) int {
	for _, a := range args {
		if a == cty.NilVal || a.IsNull() || !a.IsWhollyKnown() {
			return 0
		}
	}
	switch {
	case name == "join" && len(args) > 0:
		n := 0
		for _, a := range args[1:] {
			n += a.LengthInt() * len(args[0].AsString())
		}
		return n
	case name == "replace" && len(args) == 3:
		s, old, fresh := args[0].AsString(), args[1].AsString(), args[2].AsString()
		return (strings.Count(s, old) + 1) * len(fresh)
	case name == "format" && len(args) > 0:
		return formatOutcome(args[0].AsString())
	}
	return 0
}

// formatOutcome adds up all that can be a width or precision in a format.
func formatOutcome(format string) int {
	total, number := 0, 0
	for _, r := range format {
		if r >= '0' && r <= '9' {
			number = min(number*10+int(r-'0'), maxString+1)
			continue
		}
		total += number
		number = 0
	}
	return total + number
}

// lengthFunc counts characters of strings as well as elements.
func lengthFunc() function.Function {
	return function.New(&function.Spec{
		Description: "the number of elements of a collection, or of characters of a string",
		Params:      []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}},
		Type:        function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			switch t := v.Type(); {
			case t == cty.String:
				return stdlib.Strlen(v)
			case t.IsCollectionType(), t.IsTupleType(), t.IsObjectType():
				return cty.NumberIntVal(int64(v.LengthInt())), nil
			}
			return cty.NilVal, errors.New("a list, map, object or string is needed")
		},
	})
}

func envFunc(opts Options) function.Function {
	return function.New(&function.Spec{
		Description: "an environment variable of the host, or the default if it is not set",
		Params:      []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam:    &function.Parameter{Name: "default", Type: cty.String},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) > 2 {
				return cty.NilVal, function.NewArgErrorf(2, "env takes a name and a default")
			}
			name := args[0].AsString()
			if value, ok := opts.lookup(name); ok {
				return cty.StringVal(strings.ToValidUTF8(value, "\uFFFD")), nil
			}
			if len(args) == 2 {
				return args[1], nil
			}
			return cty.NilVal, function.NewArgErrorf(0,
				"the environment variable %s is not set; a default can be given: env(%q, \"...\")", name, name)
		},
	})
}

func fileFunc(opts Options, dir string) function.Function {
	return function.New(&function.Spec{
		Description: "the content of a text file in the folder of the configuration, or below it",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := args[0].AsString()
			src, err := opts.readNamed(dir, path)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%s", readFault(path, err))
			}
			c := &collector{}
			text, ok := readable(path, src, c)
			if !ok {
				return cty.NilVal, function.NewArgError(0, fmt.Errorf("%s: %s", path, c.diags[0].Summary))
			}
			return cty.StringVal(string(text)), nil
		},
	})
}
