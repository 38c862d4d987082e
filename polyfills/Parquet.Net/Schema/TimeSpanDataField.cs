namespace Parquet.Schema;

/// <summary>How times of day are stored.</summary>
public enum TimeSpanFormat
{
    /// <summary>INT32.</summary>
    MilliSeconds,

    /// <summary>INT64.</summary>
    MicroSeconds,
}

/// <summary>A column of times of day.</summary>
public class TimeSpanDataField(string name, TimeSpanFormat format, bool? isNullable = null, bool? isArray = null, string? propertyName = null)
    : DataField(name, typeof(TimeSpan), isNullable, isArray, propertyName)
{
    public TimeSpanFormat TimeSpanFormat { get; } = format;
}
