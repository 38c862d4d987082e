using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>a.b, a['b'], a[0] and a[1:2], with Jinja2's rules on which of attribute and item comes first.</summary>
internal static class Attributes
{
    private static readonly HashSet<string> Mutating =
        Names("append clear extend insert pop popitem remove reverse setdefault sort update");

    // What Python's types have and this implementation lacks: an error rather than undefined.
    private static readonly Dictionary<string, HashSet<string>> NotSupported = new()
    {
        ["str"] = Names("encode expandtabs format_map isidentifier isprintable isascii maketrans translate"),
        ["int"] = Names("as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator to_bytes"),
        ["float"] = Names("as_integer_ratio conjugate fromhex hex imag is_integer real"),
        ["bool"] = Names("as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes"),
        ["dict"] = Names("fromkeys"),
        ["range"] = Names("count index start stop step"),
        ["function"] = Names("arguments catch_kwargs catch_varargs caller name"),
    };

    internal static object? GetAttribute(object? target, string name, Budget budget)
    {
        Operators.Defined(target);
        if (Own(target, name, budget, out var value))
            return value;
        return target is Dict dict && dict.TryGet(name, out value) ? value : Missing(target, name);
    }

    internal static object? GetItem(object? target, object? key, Budget budget)
    {
        Operators.Defined(target);
        // What Python refuses as an index or a key is undefined here, as Jinja2 has it.
        if (key is Undefined or Dict or Namespace or Sequence { Kind: SequenceKind.List })
            return Missing(target, key);
        object? value;
        switch (target)
        {
            case Dict dict:
                if (dict.TryGet(key, out value))
                    return value;
                break;
            case Sequence { Kind: SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range } sequence
                when Operators.Integer(key) is { } index:
                return Index(index, sequence.Items.Count) is { } i ? sequence.Items[i] : Missing(target, key);
            case string or SafeText when Operators.Integer(key) is { } index:
                var text = Operators.Text(target)!;
                budget.Step(1 + text.Length / 64);
                return Index(index, CodePoints.Length(text)) is { } at ? CodePoints.At(text, at) : Missing(target, key);
        }
        return key is string name && Own(target, name, budget, out value) ? value : Missing(target, key);
    }

    internal static object? GetSlice(object? target, object? start, object? stop, object? step, Budget budget)
    {
        Operators.Defined(target);
        if (target is not (string or SafeText or Sequence { Kind: SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range }))
            throw new RenderException(target is Dict ? "unhashable type: 'slice'"
                : $"'{PyText.TypeName(target)}' object is not subscriptable");
        var by = Bound(step) ?? 1;
        if (by.IsZero)
            throw new RenderException("slice step cannot be zero");
        switch (target)
        {
            case Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } sequence:
                var indexes = Indexes(sequence.Items.Count);
                budget.Grow(4L * indexes.Count);
                return new Sequence(sequence.Kind, [.. indexes.Select(i => sequence.Items[i])]);
            case string or SafeText:
                var text = Operators.Text(target)!;
                budget.Grow(text.Length);
                if (!CodePoints.HasSurrogates(text))
                    return string.Concat(Indexes(text.Length).Select(i => text[i]));
                var characters = CodePoints.Split(text);
                return string.Concat(Indexes(characters.Count).Select(i => characters[i]));
            default:
                throw RenderException.Unsupported("slicing a range");
        }

        BigInteger? Bound(object? value) => value is null ? null
            : Operators.Integer(value) ?? throw new RenderException("slice indices must be integers or None");

        List<int> Indexes(int length)
        {
            var forward = by.Sign > 0;
            var (low, high) = forward ? (0, length) : (-1, length - 1);
            var from = Clamp(Bound(start), forward ? low : high);
            var to = Clamp(Bound(stop), forward ? high : low);
            var result = new List<int>();
            for (BigInteger i = from; forward ? i < to : i > to; i += by)
                result.Add((int)i);
            return result;

            int Clamp(BigInteger? bound, int absent)
            {
                if (bound is not { } value)
                    return absent;
                if (value.Sign < 0)
                    value += length;
                return (int)BigInteger.Min(BigInteger.Max(value, low), high);
            }
        }
    }

    /// <summary>What attribute access in Python finds on the object itself: methods, and the attributes of namespaces and loops.</summary>
    private static bool Own(object? target, string name, Budget budget, out object? value)
    {
        // Missing rather than null: an attribute of a namespace may well be none.
        value = target switch
        {
            Namespace scope => scope.Attributes.GetValueOrDefault(name, Arguments.Missing),
            LoopContext loop => loop.Get(name),
            string text => StringMethods.Find(text, name, budget),
            SafeText text => StringMethods.Find(text.Value, name, budget),
            Dict dict => ContainerMethods.Find(dict, name),
            Sequence sequence => ContainerMethods.Find(sequence, name, budget),
            BigInteger when name == "real" => target,
            _ => Arguments.Missing,
        };
        if (value != Arguments.Missing)
            return true;
        var type = PyText.TypeName(target);
        if (target is Sequence { Kind: SequenceKind.List } or Dict && Mutating.Contains(name))
            value = new Callable(name, _ => throw new RenderException($"access to attribute '{name}' of '{type}' object is unsafe"));
        else if (NotSupported.TryGetValue(type, out var names) && names.Contains(name))
            throw RenderException.Unsupported($"the attribute '{name}' of {type}");
        else
            return false;
        return true;
    }

    private static int? Index(BigInteger index, int length)
    {
        if (index.Sign < 0)
            index += length;
        return index.Sign >= 0 && index < length ? (int)index : null;
    }

    internal static Undefined Missing(object? target, object? key)
    {
        var owner = target is null ? "None" : PyText.TypeName(target) + " object";
        if (key is string name)
            return new Undefined($"'{owner}' has no attribute '{name}'");
        var element = key is null or BigInteger or bool or double ? PyText.Str(key, new Budget()) : "of this key";
        return new Undefined($"{owner} has no element {element}");
    }

    private static HashSet<string> Names(string names) => [.. names.Split(' ')];
}
