namespace Parquet;

/// <summary>Options of readers and writers.</summary>
public class ParquetOptions
{
    /// <summary>Reads byte arrays without an annotation as UTF-8 text.</summary>
    /// <value>Default: false.</value>
    public bool TreatByteArrayAsString { get; set; }

    /// <summary>Reads INT96 as <see cref="DateTime"/>; otherwise as <see cref="System.Numerics.BigInteger"/>.</summary>
    /// <value>Default: true.</value>
    public bool TreatBigIntegersAsDates { get; set; } = true;

    /// <summary>Reads DATE as <see cref="DateOnly"/>; otherwise as <see cref="DateTime"/>.</summary>
    /// <value>Default: false.</value>
    public bool UseDateOnlyTypeForDates { get; set; }

    /// <summary>Reads TIME in milliseconds as <see cref="TimeOnly"/>; otherwise as <see cref="TimeSpan"/>.</summary>
    /// <value>Default: false.</value>
    public bool UseTimeOnlyTypeForTimeMillis { get; set; }

    /// <summary>Reads TIME in microseconds as <see cref="TimeOnly"/>; otherwise as <see cref="TimeSpan"/>.</summary>
    /// <value>Default: false.</value>
    public bool UseTimeOnlyTypeForTimeMicros { get; set; }

    /// <summary>Writes string columns with a dictionary where it pays.</summary>
    /// <value>Default: true.</value>
    public bool UseDictionaryEncoding { get; set; } = true;

    /// <summary>Greatest share of distinct values (0 to 1) for which a string column gets a dictionary.</summary>
    /// <value>Default: 0.8.</value>
    public double DictionaryEncodingThreshold { get; set; } = 0.8;

    /// <summary>Writes INT32 and INT64 as DELTA_BINARY_PACKED; otherwise PLAIN.</summary>
    /// <value>Default: true.</value>
    public bool UseDeltaBinaryPackedEncoding { get; set; } = true;
}
