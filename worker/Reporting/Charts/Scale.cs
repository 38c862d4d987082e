namespace LightReasoner.Worker.Reporting.Charts;

/// <summary>An axis: a range of values with round ticks, laid over a range of coordinates.</summary>
internal sealed class Scale
{
    private readonly double _from, _to;
    private readonly int _decimals;

    /// <param name="whole">Whether values between whole numbers make no sense.</param>
    /// <param name="exact">Ends at the values given rather than at the ticks around them.</param>
    public Scale(double low, double high, double from, double to, int ticks = 5, bool whole = false, bool exact = false)
    {
        if (!(high > low)) high = low + (low == 0 ? 1 : Math.Abs(low));
        (_from, _to) = (from, to);
        var step = Step((high - low) / ticks);
        if (whole) step = Math.Max(1, Math.Ceiling(step));
        double first = exact ? Math.Ceiling(low / step - 1e-9) : Math.Floor(low / step + 1e-9),
            last = exact ? Math.Floor(high / step + 1e-9) : Math.Ceiling(high / step - 1e-9);
        Ticks = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        (Low, High) = exact ? (low, high) : (first * step, last * step);
        _decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 10);
    }

    public double Low { get; }
    public double High { get; }
    public double[] Ticks { get; }

    public double At(double value) => _from + (value - Low) / (High - Low) * (_to - _from);

    public string Label(double tick)
    {
        if (tick == 0) return "0";
        var size = Math.Max(Math.Abs(Low), Math.Abs(High));
        return size < 1e-3 || (size < 1e-2 && _decimals > 3) ? $"{tick:0.##e-0}"
            : size >= 1e6 ? $"{tick / 1e6:0.##} M"
            : tick.ToString($"N{_decimals}");
    }

    /// <summary>1, 2 or 5 times a power of ten.</summary>
    private static double Step(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch
        {
            <= 1.0001 => 1,
            <= 2.0001 => 2,
            <= 5.0001 => 5,
            _ => 10,
        } * power;
    }
}
