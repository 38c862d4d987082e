namespace Parquet.Schema;

/// <summary>How dates and times are stored.</summary>
public enum DateTimeFormat
{
    /// <summary>INT96, as Impala and old Spark write it.</summary>
    Impala,

    /// <summary>INT64, TIMESTAMP_MILLIS.</summary>
    DateAndTime,

    /// <summary>INT32, DATE.</summary>
    Date,

    /// <summary>INT64, TIMESTAMP_MICROS.</summary>
    DateAndTimeMicros,

    /// <summary>INT64, the logical type TIMESTAMP.</summary>
    Timestamp,
}

public enum DateTimeTimeUnit
{
    Millis,
    Micros,
    Nanos,
}

/// <summary>A column of dates or timestamps.</summary>
public class DateTimeDataField(
    string name, DateTimeFormat format, bool isAdjustedToUTC = true, DateTimeTimeUnit? unit = null, bool? isNullable = null, bool? isArray = null, string? propertyName = null)
    : DataField(name, typeof(DateTime), isNullable, isArray, propertyName)
{
    public DateTimeFormat DateTimeFormat { get; } = format;

    public bool IsAdjustedToUTC { get; } = isAdjustedToUTC;

    public DateTimeTimeUnit Unit { get; } = unit ?? (format == DateTimeFormat.DateAndTimeMicros ? DateTimeTimeUnit.Micros : DateTimeTimeUnit.Millis);
}
