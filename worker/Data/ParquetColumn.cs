using System.Text.Json.Nodes;
using Parquet.Data;

namespace LightReasoner.Worker.Data;

/// <summary>A place in one column: its levels and the next value.</summary>
/// <param name="data">The column.</param>
/// <param name="toJson">A value that is not null, by its index.</param>
/// <param name="maxDefinitionLevel">Level at which there is a value.</param>
internal sealed class ParquetColumn(DataColumn data, Func<int, JsonNode?> toJson, int maxDefinitionLevel)
{
    private readonly int[]? _definition = data.DefinitionLevels, _repetition = data.RepetitionLevels;
    private readonly int _count = data.NumValues;
    private int _entry, _value;

    /// <summary>Definition level of the next entry.</summary>
    public int Definition => _entry >= _count ? throw new InvalidDataException($"column '{data.Field.Path}' ends before its rows do") : _definition?[_entry] ?? maxDefinitionLevel;

    /// <summary>Repetition level of the next entry; 0 at the end.</summary>
    public int Repetition => _entry < _count && _repetition is not null ? _repetition[_entry] : 0;

    /// <summary>The next value, or null where there is none; moves on.</summary>
    public JsonNode? Read()
    {
        bool defined = Definition == maxDefinitionLevel;
        _entry++;
        return defined ? toJson(_value++) : null;
    }

    /// <summary>Moves on.</summary>
    public void Skip()
    {
        if (Definition == maxDefinitionLevel) _value++;
        _entry++;
    }

    /// <summary>All that is left belongs to later rows.</summary>
    public void ExpectRowEnd()
    {
        if (Repetition != 0) throw Contradiction();
    }

    /// <summary>The columns of a group must have as many entries as each other.</summary>
    public InvalidDataException Contradiction() => new($"column '{data.Field.Path}' has list entries that other columns of its group do not have");
}
