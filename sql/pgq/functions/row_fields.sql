-- The fields of a row as the texts that the server prints of them. i_text is the row's own text: the server takes it
-- apart into a row of texts, once it has as many fields as that. A row of more than 64 columns goes the slower way.
create or replace function pgq.row_fields(i_layout pgq.trigger_layout, i_row anyelement, i_text text) returns text[]
language plpgsql stable
as $$
declare
    f pgq.fields_16;
    g pgq.fields_64;
    x_fields text[];
begin
    if i_layout.column_count <= 16 then
        f := (left(i_text, -1) || i_layout.padding)::pgq.fields_16;
        return (array[
            f.f1, f.f2, f.f3, f.f4, f.f5, f.f6, f.f7, f.f8, f.f9, f.f10, f.f11, f.f12, f.f13, f.f14, f.f15,
            f.f16
        ])[1:i_layout.column_count];
    elsif i_layout.column_count <= 64 then
        g := (left(i_text, -1) || i_layout.padding)::pgq.fields_64;
        return (array[
            g.f1, g.f2, g.f3, g.f4, g.f5, g.f6, g.f7, g.f8, g.f9, g.f10, g.f11, g.f12, g.f13, g.f14, g.f15,
            g.f16, g.f17, g.f18, g.f19, g.f20, g.f21, g.f22, g.f23, g.f24, g.f25, g.f26, g.f27, g.f28, g.f29,
            g.f30, g.f31, g.f32, g.f33, g.f34, g.f35, g.f36, g.f37, g.f38, g.f39, g.f40, g.f41, g.f42, g.f43,
            g.f44, g.f45, g.f46, g.f47, g.f48, g.f49, g.f50, g.f51, g.f52, g.f53, g.f54, g.f55, g.f56, g.f57,
            g.f58, g.f59, g.f60, g.f61, g.f62, g.f63, g.f64
        ])[1:i_layout.column_count];
    end if;
    execute i_layout.fields_sql into x_fields using i_row;
    return x_fields;
end;
$$;
