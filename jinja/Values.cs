using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Jinja;

// Values of a template: null (none), bool, BigInteger, double, string, and the classes below.

/// <summary>
/// A missing name, attribute or item. Prints as nothing and is falsy; most other uses are an error, which the hint explains.
/// </summary>
internal sealed record Undefined(string Hint);

/// <summary>Text marked by the filter 'safe': plain text that is added to it gets escaped.</summary>
internal sealed record SafeText(string Value);

internal enum SequenceKind
{
    List,
    Tuple,
    Range,
    Keys,
    Values,
    Items,
}

/// <summary>A list, tuple, range, or one of the views of a dict. Never changes.</summary>
internal sealed record Sequence(SequenceKind Kind, IReadOnlyList<object?> Items)
{
    internal static Sequence List(params IReadOnlyList<object?> items) => new(SequenceKind.List, items);

    internal static Sequence Tuple(params IReadOnlyList<object?> items) => new(SequenceKind.Tuple, items);
}

/// <summary>What Python calls a generator: can be gone through once.</summary>
internal sealed class OneShot(string name, IReadOnlyList<object?> items)
{
    private IReadOnlyList<object?> _items = items;

    internal string Name => name;

    internal IReadOnlyList<object?> Take()
    {
        var taken = _items;
        _items = [];
        return taken;
    }
}

/// <summary>A dict in insertion order.</summary>
internal sealed class Dict
{
    private static readonly object NoneKey = new();

    private readonly OrderedDictionary<object, (object? Key, object? Value)> _items = [];

    internal int Count => _items.Count;

    internal IEnumerable<(object? Key, object? Value)> Items => _items.Values;

    internal bool TryGet(object? key, out object? value)
    {
        var found = _items.TryGetValue(Normalize(key), out var item);
        value = item.Value;
        return found;
    }

    internal void Set(object? key, object? value)
    {
        var normal = Normalize(key);
        _items[normal] = (_items.TryGetValue(normal, out var item) ? item.Key : key, value);
    }

    // 1, 1.0 and True are one key.
    internal static object Normalize(object? key) => key switch
    {
        null => NoneKey,
        string or BigInteger => key,
        SafeText text => text.Value,
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        double number => double.IsInteger(number) ? new BigInteger(number) : number,
        Dict or Namespace or Sequence { Kind: SequenceKind.List } =>
            throw new RenderException($"unhashable type: '{PyText.TypeName(key)}'"),
        Sequence => throw RenderException.Unsupported($"a {PyText.TypeName(key)} as a key"),
        _ => key,
    };
}

/// <summary>namespace(): the one object that a template can change.</summary>
internal sealed class Namespace
{
    internal Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>Anything that can be called.</summary>
internal sealed class Callable(string name, Func<Arguments, object?> function)
{
    internal string Name => name;

    internal object? Invoke(Arguments arguments) => function(arguments);
}

/// <summary>Evaluated arguments of a call.</summary>
internal sealed class Arguments(string function, IReadOnlyList<object?> positional, IReadOnlyList<(string Name, object? Value)> named)
{
    /// <summary>Stands for a parameter that was not given.</summary>
    internal static readonly object Missing = new();

    internal string Function => function;

    internal IReadOnlyList<object?> Positional => positional;

    internal IReadOnlyList<(string Name, object? Value)> Named => named;

    /// <summary>The values of the given parameters; the first <paramref name="required"/> must be there.</summary>
    internal object?[] Bind(int required, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > parameters.Length)
            throw new RenderException($"{function}() takes at most {parameters.Length} arguments ({positional.Count} given)");
        var values = new object?[parameters.Length];
        Array.Fill(values, Missing);
        for (var i = 0; i < positional.Count; i++)
            values[i] = positional[i];
        foreach (var (name, value) in named)
        {
            var i = parameters.IndexOf(name);
            if (i < 0)
                throw new RenderException($"{function}() got an unexpected keyword argument '{name}'");
            if (values[i] != Missing)
                throw new RenderException($"{function}() got several values for '{name}'");
            values[i] = value;
        }
        for (var i = 0; i < required; i++)
        {
            if (values[i] == Missing)
                throw new RenderException($"{function}() misses its argument '{parameters[i]}'");
        }
        return values;
    }
}

/// <summary>JSON to values.</summary>
internal static class JsonValues
{
    internal static object? From(JsonNode? node)
    {
        Budget.CheckStack();
        switch (node)
        {
            case null:
                return null;
            case JsonObject properties:
                var dict = new Dict();
                foreach (var (name, value) in properties)
                    dict.Set(name, From(value));
                return dict;
            case JsonArray items:
                return Sequence.List([.. items.Select(From)]);
        }
        switch (node.GetValueKind())
        {
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.String:
                return node.GetValue<string>();
            case JsonValueKind.Number:
                // 1.0 is a float and 1 an integer: the spelling counts, except for numbers made in code.
                if (node.AsValue().TryGetValue(out JsonElement element))
                    return Number(element.GetRawText());
                return node.GetValue<object>() is double or float or decimal
                    ? Convert.ToDouble(node.GetValue<object>(), CultureInfo.InvariantCulture) : Number(node.ToJsonString());
            default:
                return null;
        }
    }

    private static object Number(string text)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E'))
            return double.Parse(text, CultureInfo.InvariantCulture);
        return text.Length <= 4300 ? BigInteger.Parse(text, CultureInfo.InvariantCulture)
            : throw new RenderException("an integer has more than 4300 digits");
    }
}
