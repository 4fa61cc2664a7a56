<?php
/**
 * Column and filter in the list of posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\Events\KnownTasks;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Posts\EditedPosts;
use WP_Query;

/**
 * Shows which posts belong to igny8 articles, and the status of the articles.
 */
final class PostsColumn {

	const NAME = 'igny8';

	/**
	 * Tasks of the listed posts by post ID, or null before they are loaded.
	 *
	 * @var array<int,array>|null
	 */
	private static $tasks = null;

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_filter( 'manage_post_posts_columns', array( self::class, 'add' ) );
		add_action( 'manage_post_posts_custom_column', array( self::class, 'render' ), 10, 2 );
		add_action( 'restrict_manage_posts', array( self::class, 'render_filter' ) );
		add_filter( 'posts_where', array( self::class, 'where' ), 10, 2 );
	}

	/**
	 * Adds the column.
	 *
	 * @param array $columns Labels by name.
	 */
	public static function add( array $columns ): array {
		$columns[ self::NAME ] = 'igny8';
		return $columns;
	}

	/**
	 * Prints a cell. The first cell loads the tasks of all listed posts.
	 *
	 * @param string $column  Name of the column.
	 * @param int    $post_id The post ID.
	 */
	public static function render( string $column, int $post_id ): void {
		global $wp_query;
		if ( self::NAME !== $column ) {
			return;
		}
		if ( null === self::$tasks || ! array_key_exists( $post_id, self::$tasks ) ) {
			$listed = array_merge( array( $post_id ), wp_list_pluck( (array) $wp_query->posts, 'ID' ) );
			update_meta_cache( 'post', $listed );
			self::$tasks = KnownTasks::of_posts( $listed ) + array_fill_keys( $listed, array() );
		}
		$task = self::$tasks[ $post_id ];
		if ( array() !== $task ) {
			printf( '<a href="%s">%s</a>', esc_url( AdminPage::url() ), esc_html( TaskList::label( $task ) ) );
		}
		if ( EditedPosts::is_edited( $post_id ) ) {
			echo '<br>' . esc_html__( 'Edited in WordPress', 'igny8-bridge' );
		}
	}

	/**
	 * Prints the filter.
	 *
	 * @param string $post_type Post type of the list.
	 */
	public static function render_filter( string $post_type ): void {
		if ( 'post' !== $post_type ) {
			return;
		}
		printf( '<label class="screen-reader-text" for="igny8-filter">%s</label>', esc_html__( 'Filter by igny8', 'igny8-bridge' ) );
		echo '<select name="igny8" id="igny8-filter">';
		$choices = array(
			''       => __( 'All posts', 'igny8-bridge' ),
			'yes'    => __( 'igny8 posts', 'igny8-bridge' ),
			'edited' => __( 'igny8 posts edited in WordPress', 'igny8-bridge' ),
			'no'     => __( 'Other posts', 'igny8-bridge' ),
		);
		foreach ( $choices as $value => $label ) {
			printf( '<option value="%s"%s>%s</option>', esc_attr( $value ), selected( $value, self::selected_filter(), false ), esc_html( $label ) );
		}
		echo '</select>';
	}

	/**
	 * Applies the filter.
	 *
	 * @param string   $where WHERE clause of the query.
	 * @param WP_Query $query The query.
	 */
	public static function where( string $where, WP_Query $query ): string {
		global $wpdb, $pagenow;
		$filter = self::selected_filter();
		if ( ! is_admin() || 'edit.php' !== $pagenow || ! $query->is_main_query() || '' === $filter ) {
			return $where;
		}
		if ( 'edited' === $filter ) {
			$where .= $wpdb->prepare( " AND $wpdb->posts.ID IN ( SELECT post_id FROM $wpdb->postmeta WHERE meta_key = %s )", EditedPosts::META );
		}
		$is = 'no' === $filter ? 'NOT IN' : 'IN';
		return $where . $wpdb->prepare( " AND $wpdb->posts.ID $is ( SELECT post_id FROM $wpdb->postmeta WHERE meta_key = %s )", ClaimedPost::META ); // phpcs:ignore WordPress.DB.PreparedSQL -- $is is a constant.
	}

	/**
	 * Returns the selected filter: yes, edited, no, or an empty string.
	 */
	private static function selected_filter(): string {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only selects what is shown.
		$filter = isset( $_GET['igny8'] ) && is_string( $_GET['igny8'] ) ? sanitize_key( $_GET['igny8'] ) : '';
		return in_array( $filter, array( 'yes', 'edited', 'no' ), true ) ? $filter : '';
	}
}
