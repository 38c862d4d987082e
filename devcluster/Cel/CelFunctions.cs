using System.Globalization;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Cel;

/// <summary>The operators and functions of CEL, with those that Kubernetes adds for lists, strings, quantities and formats.</summary>
internal static partial class CelFunctions
{
    [GeneratedRegex(@"([0-9]*\.?[0-9]+)(ns|us|µs|ms|s|m|h)")]
    private static partial Regex DurationPart();

    public static object? TypeName(string name)
        => name is "int" or "uint" or "double" or "bool" or "string" or "bytes" or "list" or "map" or "null_type" ? "type:" + name : null;

    private static readonly HashSet<string> Names =
    [
        "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||", "!", "neg", "size", "int", "uint", "double", "string", "dyn", "type", "duration", "timestamp",
        "startsWith", "endsWith", "contains", "matches", "find", "findAll", "lowerAscii", "upperAscii", "trim", "replace", "split", "indexOf", "lastIndexOf", "substring", "charAt",
        "join", "sum", "min", "max", "isSorted", "isQuantity", "quantity", "isInteger", "asInteger", "asApproximateFloat", "sign", "add", "sub", "isGreaterThan", "isLessThan", "compareTo",
        "isURL", "url", "getScheme", "getHost", "getHostname", "getPort", "getEscapedPath", "getSeconds", "getMinutes", "getHours", "getFullYear", "getMonth", "getDate", "getDayOfWeek",
        "hasValue", "value", "orValue",
    ];

    public static bool IsKnown(string function) => Names.Contains(function);

    public static object? Call(string function, object? target, bool isMethod, object?[] args, int at)
    {
        if (!isMethod && args.Length == 2 && Operator(function, args[0], args[1], at) is { } result)
            return result;
        var self = isMethod ? target : args.Length > 0 ? args[0] : null;
        var rest = isMethod ? args : args.Length > 0 ? args[1..] : args;
        return (function, self, rest) switch
        {
            ("!", bool b, []) => !b,
            ("neg", long l, []) => -l,
            ("neg", double d, []) => -d,
            ("size", string s, []) => (long)s.EnumerateRunes().Count(),
            ("size", List<object?> l, []) => (long)l.Count,
            ("size", Dictionary<string, object?> m, []) => (long)m.Count,
            ("int", _, []) => ToInt(self, at),
            ("uint", _, []) => ToInt(self, at),
            ("double", long l, []) => (double)l,
            ("double", double d, []) => d,
            ("double", string s, []) => double.Parse(s, CultureInfo.InvariantCulture),
            ("string", _, []) => Text(self),
            ("dyn", _, []) => self,
            ("type", _, []) => "type:" + Name(self),
            ("duration", string s, []) => Duration(s) ?? throw new CelException("invalid duration", at),
            ("timestamp", string s, []) => DateTimeOffset.TryParse(s, CultureInfo.InvariantCulture, out var t) ? t : throw new CelException("invalid timestamp", at),
            ("startsWith", string s, [string p]) => s.StartsWith(p, StringComparison.Ordinal),
            ("endsWith", string s, [string p]) => s.EndsWith(p, StringComparison.Ordinal),
            ("contains", string s, [string p]) => s.Contains(p, StringComparison.Ordinal),
            ("matches", string s, [string p]) => Regex.IsMatch(s, p, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)),
            ("find", string s, [string p]) => Regex.Match(s, p, RegexOptions.CultureInvariant).Value,
            ("lowerAscii", string s, []) => s.ToLowerInvariant(),
            ("upperAscii", string s, []) => s.ToUpperInvariant(),
            ("trim", string s, []) => s.Trim(),
            ("replace", string s, [string a, string b]) => s.Replace(a, b, StringComparison.Ordinal),
            ("split", string s, [string p]) => s.Split(p).Cast<object?>().ToList(),
            ("indexOf", string s, [string p]) => (long)s.IndexOf(p, StringComparison.Ordinal),
            ("lastIndexOf", string s, [string p]) => (long)s.LastIndexOf(p, StringComparison.Ordinal),
            ("substring", string s, [long a]) => s[(int)a..],
            ("substring", string s, [long a, long b]) => s[(int)a..(int)b],
            ("charAt", string s, [long i]) => i < s.Length ? s[(int)i].ToString() : "",
            ("join", List<object?> l, []) => string.Concat(l.Select(Text)),
            ("join", List<object?> l, [string p]) => string.Join(p, l.Select(Text)),
            ("sum", List<object?> l, []) => l.Count == 0 ? 0L : l.Aggregate((a, b) => Operator("+", a, b, at)),
            ("min", List<object?> l, []) => l.MinBy(v => v, Order(at)),
            ("max", List<object?> l, []) => l.MaxBy(v => v, Order(at)),
            ("isSorted", List<object?> l, []) => l.Zip(l.Skip(1)).All(p => Order(at).Compare(p.First, p.Second) <= 0),
            ("indexOf", List<object?> l, [var v]) => (long)l.FindIndex(i => Same(i, v)),
            ("isQuantity", string s, []) => Quantity.Parse(s) is not null,
            ("quantity", string s, []) => Quantity.Parse(s) ?? throw new CelException("quantities must match the regular expression", at),
            ("isGreaterThan", double a, [double b]) => a > b,
            ("isLessThan", double a, [double b]) => a < b,
            ("compareTo", double a, [double b]) => (long)a.CompareTo(b),
            ("isURL", string s, []) => Uri.TryCreate(s, UriKind.Absolute, out _),
            ("url", string s, []) => Uri.TryCreate(s, UriKind.Absolute, out var u) ? u : throw new CelException("URL parse error", at),
            ("getScheme", Uri u, []) => u.Scheme,
            ("getHost", Uri u, []) => u.IsDefaultPort ? u.Host : $"{u.Host}:{u.Port}",
            ("getHostname", Uri u, []) => u.Host,
            ("getEscapedPath", Uri u, []) => u.AbsolutePath,
            ("getSeconds", TimeSpan d, []) => (long)d.TotalSeconds,
            ("getMinutes", TimeSpan d, []) => (long)d.TotalMinutes,
            ("getHours", TimeSpan d, []) => (long)d.TotalHours,
            ("getFullYear", DateTimeOffset t, []) => (long)t.Year,
            // Months count from 0, days of the month from 1, days of the week from Sunday.
            ("getMonth", DateTimeOffset t, []) => (long)t.Month - 1,
            ("getDate", DateTimeOffset t, []) => (long)t.Day,
            ("getDayOfWeek", DateTimeOffset t, []) => (long)t.DayOfWeek,
            ("getHours", DateTimeOffset t, []) => (long)t.Hour,
            ("getMinutes", DateTimeOffset t, []) => (long)t.Minute,
            ("getSeconds", DateTimeOffset t, []) => (long)t.Second,
            ("findAll", string s, [string p]) => Regex.Matches(s, p, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)).Select(m => (object?)m.Value).ToList(),
            ("findAll", string s, [string p, long n]) => Regex.Matches(s, p, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)).Take((int)n).Select(m => (object?)m.Value).ToList(),
            ("isInteger", double q, []) => q == Math.Floor(q),
            ("asInteger", double q, []) => q == Math.Floor(q) ? (long)q : throw new CelException("cannot convert value to integer", at),
            ("asApproximateFloat", double q, []) => q,
            ("sign", double q, []) => (long)Math.Sign(q),
            ("add", double a, [var b]) => a + Convert.ToDouble(b, CultureInfo.InvariantCulture),
            ("sub", double a, [var b]) => a - Convert.ToDouble(b, CultureInfo.InvariantCulture),
            ("getPort", Uri u, []) => u.IsDefaultPort ? "" : u.Port.ToString(CultureInfo.InvariantCulture),
            ("hasValue", CelOptional o, []) => o.HasValue,
            ("value", CelOptional o, []) => o.HasValue ? o.Value : throw new CelException("optional.none() dereference", at),
            ("orValue", CelOptional o, [var other]) => o.HasValue ? o.Value : other,
            _ => throw new CelException($"found no matching overload for '{function}' applied to '{Name(self)}'", at),
        };
    }

    private static object? Operator(string op, object? a, object? b, int at) => (op, a, b) switch
    {
        ("==", _, _) => Same(a, b),
        ("!=", _, _) => !Same(a, b),
        ("<", _, _) => Order(at).Compare(a, b) < 0,
        ("<=", _, _) => Order(at).Compare(a, b) <= 0,
        (">", _, _) => Order(at).Compare(a, b) > 0,
        (">=", _, _) => Order(at).Compare(a, b) >= 0,
        ("in", _, List<object?> l) => l.Any(i => Same(i, a)),
        ("in", string s, Dictionary<string, object?> m) => m.ContainsKey(s),
        ("+", long x, long y) => checked(x + y),
        ("-", long x, long y) => checked(x - y),
        ("*", long x, long y) => checked(x * y),
        ("/", long x, long y) => y == 0 ? throw new CelException("division by zero", at) : x / y,
        ("%", long x, long y) => y == 0 ? throw new CelException("modulus by zero", at) : x % y,
        ("+", double x, double y) => x + y,
        ("-", double x, double y) => x - y,
        ("*", double x, double y) => x * y,
        ("/", double x, double y) => x / y,
        ("+", string x, string y) => x + y,
        ("+", List<object?> x, List<object?> y) => x.Concat(y).ToList(),
        ("+", TimeSpan x, TimeSpan y) => x + y,
        ("-", TimeSpan x, TimeSpan y) => x - y,
        ("+", DateTimeOffset x, TimeSpan y) => x + y,
        ("-", DateTimeOffset x, TimeSpan y) => x - y,
        ("-", DateTimeOffset x, DateTimeOffset y) => x - y,
        ("in" or "+" or "-" or "*" or "/" or "%", _, _) => throw new CelException($"found no matching overload for '_{op}_' applied to '({Name(a)}, {Name(b)})'", at),
        _ => null,
    };

    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (long x, double y) => x == y,
        (double x, long y) => x == y,
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (Dictionary<string, object?> x, Dictionary<string, object?> y) => x.Count == y.Count && x.All(p => y.TryGetValue(p.Key, out var v) && Same(p.Value, v)),
        _ => Equals(a, b),
    };

    public static string Text(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        DateTimeOffset t => t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        TimeSpan d => d.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A duration as Go writes it: <c>1h30m</c>, <c>10s</c>, <c>1.5s</c>.</summary>
    public static TimeSpan? Duration(string text)
    {
        var body = text.TrimStart('-', '+');
        var parts = DurationPart().Matches(body);
        if (parts.Sum(p => p.Length) != body.Length || body.Length == 0)
            return body == "0" ? TimeSpan.Zero : null;
        var seconds = parts.Sum(p => double.Parse(p.Groups[1].Value, CultureInfo.InvariantCulture) * p.Groups[2].Value switch
        {
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" => 1e-3,
            "ns" => 1e-9,
            _ => 1e-6,
        });
        return TimeSpan.FromSeconds(text[0] == '-' ? -seconds : seconds);
    }

    private static Comparer<object?> Order(int at) => Comparer<object?>.Create((a, b) => (a, b) switch
    {
        (long x, double y) => ((double)x).CompareTo(y),
        (double x, long y) => x.CompareTo(y),
        (string x, string y) => string.CompareOrdinal(x, y),
        (IComparable x, not null) when x.GetType() == b.GetType() => x.CompareTo(b),
        _ => throw new CelException($"found no matching overload for '_<_' applied to '({Name(a)}, {Name(b)})'", at),
    });

    private static object ToInt(object? value, int at) => value switch
    {
        long l => l,
        double d => (long)d,
        string s when long.TryParse(s, CultureInfo.InvariantCulture, out var l) => l,
        DateTimeOffset t => t.ToUnixTimeSeconds(),
        _ => throw new CelException("type conversion error", at),
    };

    private static string Name(object? value) => value switch
    {
        null => "null_type",
        bool => "bool",
        long => "int",
        double => "double",
        string => "string",
        List<object?> => "list",
        Dictionary<string, object?> => "map",
        DateTimeOffset => "timestamp",
        TimeSpan => "duration",
        _ => "dyn",
    };
}
