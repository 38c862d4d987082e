using System.Numerics;

namespace Parquet.Schema;

/// <summary>A column with values.</summary>
public class DataField : Field
{
    private static readonly HashSet<Type> Supported =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(float), typeof(double), typeof(decimal), typeof(BigInteger), typeof(DateTime), typeof(DateOnly), typeof(TimeOnly),
        typeof(TimeSpan), typeof(byte[]), typeof(string), typeof(Guid),
    ];

    private bool _isNullable;

    /// <param name="name">Field name.</param>
    /// <param name="clrType">Type of the values; a nullable type makes a nullable field, an array of it a repeated one.</param>
    /// <param name="isNullable">Overrides what the type says. Strings and byte arrays are nullable unless this is false.</param>
    /// <param name="isArray">Overrides what the type says.</param>
    /// <param name="propertyName">Unused by column-wise reading and writing.</param>
    /// <exception cref="NotSupportedException">Columns of this type cannot be had.</exception>
    public DataField(string name, Type clrType, bool? isNullable = null, bool? isArray = null, string? propertyName = null)
        : base(name, SchemaType.Data)
    {
        Type type = clrType;
        bool array = type.IsArray && type != typeof(byte[]);
        if (array) type = type.GetElementType()!;
        Type? underlying = Nullable.GetUnderlyingType(type);
        ClrType = underlying ?? type;
        if (!Supported.Contains(ClrType)) throw new NotSupportedException($"type {clrType} is not supported");
        IsNullable = isNullable ?? (underlying is not null || !ClrType.IsValueType);
        IsArray = isArray ?? array;
        MaxRepetitionLevel = IsArray ? 1 : 0;
    }

    /// <summary>Type of the values, never a nullable one.</summary>
    public Type ClrType { get; }

    /// <summary>Element type of <see cref="Data.DataColumn.Data"/>: a nullable one where the field may have nulls.</summary>
    public Type ClrNullableIfHasNullsType { get; set; } = typeof(void);

    public override bool IsNullable
    {
        get => _isNullable;
        internal set
        {
            _isNullable = value;
            ClrNullableIfHasNullsType = value ? NullableOf(ClrType) : ClrType;
        }
    }

    /// <summary>The field is repeated without a list around it.</summary>
    public bool IsArray { get; internal set; }

    internal bool IsAttachedToSchema { get; private set; }

    internal override FieldPath? PathPrefix
    {
        set => Path = value + new FieldPath(Name);
    }

    internal static Type NullableOf(Type type) => type.IsValueType ? typeof(Nullable<>).MakeGenericType(type) : type;

    internal override void PropagateLevels(int parentRepetitionLevel, int parentDefinitionLevel)
    {
        MaxRepetitionLevel = parentRepetitionLevel + (IsArray ? 1 : 0);
        MaxDefinitionLevel = parentDefinitionLevel + (IsArray || IsNullable ? 1 : 0);
        IsAttachedToSchema = true;
    }

    public override bool Equals(object? obj) =>
        obj is DataField other && base.Equals(other) && ClrType == other.ClrType && IsNullable == other.IsNullable && IsArray == other.IsArray;

    public override int GetHashCode() => base.GetHashCode();

    public override string ToString() => $"{Path} ({ClrType}{(IsNullable ? "?" : "")}{(IsArray ? "[]" : "")})";
}

/// <summary>A column with values of type <typeparamref name="T"/>.</summary>
public class DataField<T>(string name, bool? nullable = null) : DataField(name, typeof(T), nullable);
