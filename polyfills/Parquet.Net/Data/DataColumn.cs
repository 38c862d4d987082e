using Parquet.Schema;

namespace Parquet.Data;

/// <summary>The values of one column in one row group, with their levels.</summary>
public class DataColumn
{
    private Array? _data;

    /// <summary>A column from values in which nulls may stand.</summary>
    /// <param name="field">Field of a schema.</param>
    /// <param name="data">Values; element type is <see cref="DataField.ClrNullableIfHasNullsType"/>.</param>
    /// <param name="repetitionLevels">Needed where the field is repeated.</param>
    /// <exception cref="ArgumentException">The values or levels do not fit the field.</exception>
    public DataColumn(DataField field, Array data, int[]? repetitionLevels = null)
        : this(field, repetitionLevels, data, mayHoldNulls: true)
    {
        if (field.MaxDefinitionLevel == 0)
        {
            DefinedData = data;
            return;
        }
        _data = data;
        DefinitionLevels = new int[data.Length];
        DefinedData = field.IsNullable ? ColumnArrays.Of(field).RemoveNulls(data, DefinitionLevels, field.MaxDefinitionLevel) : data;
        if (!field.IsNullable) Array.Fill(DefinitionLevels, field.MaxDefinitionLevel);
    }

    /// <summary>A column from the values that are not null and the levels that say where they stand.</summary>
    /// <exception cref="ArgumentException">The values or levels do not fit the field.</exception>
    public DataColumn(DataField field, Array definedData, int[]? definitionLevels, int[]? repetitionLevels)
        : this(field, repetitionLevels, definedData, mayHoldNulls: false)
    {
        if (field.MaxDefinitionLevel == 0 && definitionLevels is not null) throw new ArgumentException("this column must not have any definition levels", nameof(definitionLevels));
        if (field.MaxDefinitionLevel > 0 && definitionLevels is null && definedData.Length > 0)
            throw new ArgumentNullException(nameof(definitionLevels), $"definition levels are required (DL={field.MaxDefinitionLevel})");
        DefinedData = definedData;
        DefinitionLevels = definitionLevels;
    }

    private DataColumn(DataField field, int[]? repetitionLevels, Array data, bool mayHoldNulls)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(data);
        if (!field.IsAttachedToSchema)
            throw new ArgumentException($"Field [{field}] is not attached to any schema. You need to construct a schema passing in this field first.", nameof(field));
        if (field.MaxRepetitionLevel == 0 && repetitionLevels is not null) throw new ArgumentException("this column must not have any repetition levels", nameof(repetitionLevels));
        if (field.MaxRepetitionLevel > 0 && repetitionLevels is null && data.Length > 0)
            throw new ArgumentNullException(nameof(repetitionLevels), $"repetition levels are required (RL={field.MaxRepetitionLevel})");
        Type expected = mayHoldNulls ? field.ClrNullableIfHasNullsType : field.ClrType;
        if (data.GetType().GetElementType() != expected) throw new ArgumentException($"expected {expected}[] but passed {data.GetType()}", nameof(data));
        Field = field;
        RepetitionLevels = repetitionLevels;
        DefinedData = data;
    }

    public DataField Field { get; }

    /// <summary>The values that are not null.</summary>
    public Array DefinedData { get; }

    /// <summary>All values; null wherever the definition level is below the greatest.</summary>
    public Array Data => _data ??= DefinitionLevels is null || !Field.IsNullable && DefinedData.Length == DefinitionLevels.Length
        ? DefinedData
        : ColumnArrays.Of(Field).InsertNulls(DefinedData, DefinitionLevels, Field.MaxDefinitionLevel);

    public int[]? DefinitionLevels { get; }

    public int[]? RepetitionLevels { get; }

    public bool HasRepetitions => RepetitionLevels is not null;

    public bool HasDefinitions => DefinitionLevels is not null;

    /// <summary>Number of values, nulls and empty lists included.</summary>
    public int NumValues => DefinitionLevels?.Length ?? DefinedData.Length;

    /// <summary>A part of <see cref="Data"/>.</summary>
    /// <exception cref="InvalidOperationException">The values are of another type.</exception>
    public Span<T> AsSpan<T>(int? offset = null, int? count = null)
    {
        if (Data is not T[] values) throw new InvalidOperationException($"data is not castable to {typeof(T)}[]");
        Span<T> span = values.AsSpan(offset ?? 0);
        return count is null ? span : span[..count.Value];
    }

    internal long RowCount => Field.MaxRepetitionLevel > 0 ? RepetitionLevels?.Count(level => level == 0) ?? 0 : NumValues;

    public override string ToString() => Field.ToString();
}
