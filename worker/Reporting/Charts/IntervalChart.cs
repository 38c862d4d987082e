namespace LightReasoner.Worker.Reporting.Charts;

/// <summary>Shares with their 95 % intervals, one below the other.</summary>
internal static class IntervalChart
{
    private const double RowHeight = 50, LeastLabel = 92, Value = 132, TickWidth = 70;

    public sealed record Row(string Name, double Share, ConfidenceInterval Interval, int Of, int Colour)
    {
        /// <summary>A share that nothing but its counts is known of.</summary>
        public static Row Counted(string name, int right, int of, int colour) =>
            new(name, (double)right / Math.Max(1, of), ConfidenceInterval.Wilson(right, Math.Max(1, of)), of, colour);

        public Html Text => Html.Of($"{100 * Share:0.0} %");
    }

    public static Html Draw(string title, IReadOnlyList<Row> rows, Html note)
    {
        double height = rows.Count * RowHeight + 34, right = Frame.Width - Value,
            left = Math.Clamp(12 * rows.Max(row => row.Name.Length), LeastLabel, Frame.Width / 2);
        var x = new Scale(100 * rows.Min(row => row.Interval.Low), 100 * rows.Max(row => row.Interval.High), left, right,
            ticks: Math.Clamp((int)((right - left) / TickWidth), 2, 5));
        var grid = Html.Join(x.Ticks.Select(tick => Html.Of($"""
            <line class="grid" x1="{x.At(tick):0.#}" x2="{x.At(tick):0.#}" y1="6" y2="{height - 28}"/>
            <text class="tick" text-anchor="middle" x="{x.At(tick):0.#}" y="{height - 12}">{x.Label(tick)} %</text>
            """)));
        var marks = Html.Join(rows.Select((row, i) =>
        {
            var y = 6 + RowHeight * (i + 0.5);
            var (low, high, value) = (100 * row.Interval.Low, 100 * row.Interval.High, Frame.Width - Value + 18);
            var width = Math.Max(1, x.At(high) - x.At(low));
            return Html.Of($"""
                <text class="label" x="0" y="{y + 5:0.#}">{row.Name}</text>
                <rect class="interval c{row.Colour}" x="{x.At(low):0.#}" width="{width:0.#}" y="{y - 9:0.#}" height="18" rx="9"/>
                <circle class="dot c{row.Colour}" cx="{x.At(100 * row.Share):0.#}" cy="{y:0.#}" r="6">
                <title>{row.Name}: {row.Text} of {row.Of}</title></circle>
                <text class="value" x="{value}" y="{y - 2:0.#}">{row.Text}</text>
                <text class="tick" x="{value}" y="{y + 17:0.#}">{low:0.0} to {high:0.0}</text>
                """);
        }));
        var description = string.Join("; ", rows.Select(row => $"{row.Name} {row.Text.Text}"));
        return Frame.Figure(title,
            $"""<svg viewBox="0 0 {Frame.Width} {height}" role="img" aria-label="{title}: {description}">{grid}{marks}</svg>""", note);
    }
}
