namespace Parquet.Schema;

/// <summary>A column of decimal numbers of a chosen precision and scale.</summary>
public class DecimalDataField : DataField
{
    public DecimalDataField(
        string name, int precision, int scale = 0, bool forceByteArrayEncoding = false, bool? isNullable = null, bool? isArray = null, string? propertyName = null)
        : base(name, typeof(decimal), isNullable, isArray, propertyName)
    {
        if (precision < 1) throw new ArgumentException("precision must be at least 1", nameof(precision));
        if (scale < 0 || scale > precision) throw new ArgumentException("scale must be between 0 and the precision", nameof(scale));
        Precision = precision;
        Scale = scale;
        ForceByteArrayEncoding = forceByteArrayEncoding;
    }

    public int Precision { get; }

    public int Scale { get; }

    /// <summary>Stores small decimals as FIXED_LEN_BYTE_ARRAY too, as Hive and Impala want them.</summary>
    public bool ForceByteArrayEncoding { get; }
}
